"""Ways to a server and what it tells by itself: a SOCKS5 proxy, a command as
the connection, news of every folder."""

import os
import select
import socket
import ssl
import threading
import time

from harness import Home, end_process, message, real, until
from line import end_listening

ACCOUNT = """account ana {{
    name         "Ana Test"
    address      ana@example.org
    incoming     "{incoming}"
    outgoing     "smtp://localhost:9"
    password     "{password}"
    tls-ca-file  {ca}
    {more}
}}
"""


def home_with(world, name, incoming, more):
    servers = world.servers
    world.homes[name] = Home(
        world.posthorn, servers.path("homes", name),
        ACCOUNT.format(incoming=incoming, more=more, password=real.PASSWORD,
                       ca=servers.certificates.ca))
    return world.homes[name]


class Front:
    """Stands in front of one port of this machine, and forwards to it."""

    def __init__(self, port):
        self.to = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        server = socket.create_connection(("127.0.0.1", self.to))
        for pair in ((client, server), (server, client)):
            threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source, target):
        try:
            while data := source.recv(65536):
                target.sendall(self.changed(data))
        except OSError:
            pass
        source.close()
        target.close()

    def changed(self, data):
        return data

    def close(self):
        end_listening(self.listener)


class Socks(Front):
    """A SOCKS5 proxy, whatever name is asked."""

    def __init__(self, port):
        self.names = []
        super().__init__(port)

    def serve(self, client):
        def read(size):
            return client.recv(size, socket.MSG_WAITALL)

        read(read(2)[1])
        client.sendall(b"\5\0")
        self.names.append(read(read(5)[4]).decode())
        read(2)
        client.sendall(b"\5\0\0\1\x7f\0\0\1\0\0")
        super().serve(client)


def proxy(world):
    """All goes through it, names too: this one exists only there."""
    world.mailbox("ana").append(message("by proxy"))
    socks = Socks(world.servers.imaps)
    home = home_with(world, "proxy", "imaps://localhost:1",
                     f"proxy socks5://127.0.0.1:{socks.port}")
    home.ok("sync", "--no-index")
    socks.close()
    assert socks.names and set(socks.names) == {"localhost"}, socks.names
    assert any(b"Subject: by proxy" in data
               for data in home.files("ana/INBOX").values())


def proxy_gone(world):
    home = home_with(world, "noproxy", f"imaps://localhost:"
                     f"{world.servers.imaps}", "proxy socks5://127.0.0.1:1")
    result = home.run("sync", "--no-index")
    assert result.status == 1 and "proxy" in result.err, result


def tunnel(world):
    """A server that greets as logged in, over a program's input and output:
    no password is asked for, none is there."""
    program = world.servers.write("tunnel", f"""#!/bin/sh
exec doveadm -c {world.servers.dovecot_conf} \\
    exec imap -u ana
""", 0o755)
    home = home_with(world, "tunnel", "imap+insecure://ana@localhost",
                     f"incoming-tunnel {program}")
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, "".join(
        line for line in text.splitlines(True) if "password" not in line))
    home.ok("sync", "--no-index")
    assert home.files("ana/INBOX")


def tunnel_fails(world):
    home = home_with(world, "notunnel", "imap+insecure://ana@localhost",
                     "incoming-tunnel \"sh -c 'echo no route here >&2'\"")
    result = home.run("sync", "--no-index")
    assert result.status == 1 and "no route here" in result.err, result


def news_of_all_folders(world):
    """Mail that is sorted into another folder is here without a poll (NOTIFY):
    the regular round comes every five minutes."""
    home = home_with(world, "news",
                     f"imaps://localhost:{world.servers.imaps}", "")
    heard(world, home)


class Resuming(Front):
    """Speaks TLS in front of the cleartext port and notes whose session went
    on."""

    def __init__(self, port, pair):
        self.resumed = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*pair)
        super().__init__(port)

    def serve(self, client):
        """Both directions in one thread: TLS is not for two at a time."""
        client = self.context.wrap_socket(client, server_side=True)
        self.resumed.append(client.session_reused)
        server = socket.create_connection(("127.0.0.1", self.to))
        other = {client: server, server: client}
        with client, server:
            while True:
                ready = [client] if client.pending() else \
                    select.select([client, server], [], [])[0]
                for source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    other[source].sendall(data)


def resumed(world):
    """The second connection of an account goes on with the TLS session of the
    first."""
    front = Resuming(world.servers.imap, world.servers.certificates.pair("good"))
    home = home_with(world, "resumed", f"imaps://localhost:{front.port}", "")
    watch = home.start("sync", "--watch", "--no-index")
    try:
        until(lambda: len(front.resumed) > 1, 60, "a second connection")
    finally:
        end_process(watch)
        front.close()
    assert not front.resumed[0] and front.resumed[1], front.resumed


class Hiding(Front):
    """Takes NOTIFY out of what the server offers, octet for octet."""

    def changed(self, data):
        return data.replace(b" NOTIFY", b" X-NONE")


def news_of_more_folders(world):
    """Without NOTIFY another connection listens to that folder."""
    hiding = Hiding(world.servers.imap)
    home = home_with(world, "ears",
                     f"imap+insecure://localhost:{hiding.port}",
                     "max-connections 5")
    heard(world, home)
    hiding.close()


def heard(world, home):
    ana = world.mailbox("ana")
    subject = "sorted for " + os.path.basename(home.dir)
    ana.imap.create("Lists")
    ana.imap.subscribe("Lists")
    home.ok("sync", "--no-index")
    watch = home.start("sync", "--watch", "--no-index")
    try:
        time.sleep(3)
        begin = time.monotonic()
        ana.append(message(subject), folder="Lists")
        until(lambda: any(subject.encode() in data for data in
                          home.files("ana/Lists").values()), 60,
              "the message in Lists is here")
        print(f"# heard after {time.monotonic() - begin:.2f} s", flush=True)
    finally:
        end_process(watch)


def folders(world):
    """Made, renamed, subscribed and deleted here: so on the server, and nothing
    is fetched again."""
    home, ana = world.home("folders", ["ana"]), world.mailbox("ana")
    home.ok("sync", "--no-index")
    home.ok("folders", "create", "ana/Plans/2027")
    home.ok("sync", "--no-index")
    ana.append(message("plan a"), folder="Plans/2027")
    home.ok("sync", "--no-index")
    assert len(home.files("ana/Plans/2027")) == 1
    home.ok("folders", "rename", "ana/Plans/2027", "Plans/later")
    home.ok("sync", "--no-index")
    assert "plan a" in ana.messages("Plans/later")
    until(lambda: len(home.files("ana/Plans/later")) == 1, 20,
          "the file is in the folder's new place")
    home.ok("folders", "unsubscribe", "ana/Plans/later")
    home.ok("sync", "--no-index")
    assert b"Plans/later" not in b" ".join(ana.imap.lsub()[1] or [b""])
    refused = home.run("folders", "delete", "ana/Plans/later")
    assert refused.status == 2 and "--force" in refused.err, refused
    home.ok("folders", "delete", "--force", "ana/Plans/later")
    home.ok("sync", "--no-index")
    ana.imap.select("INBOX", readonly=True)
    assert b"Plans/later" not in b" ".join(ana.imap.list()[1])
    assert "Plans/later" not in home.ok("folders").out


def renamed_there(world):
    """By another program, while its messages are here: the same files."""
    home, ana = world.homes["folders"], world.mailbox("ana")
    ana.imap.create("Trips")
    ana.append(message("trip"), folder="Trips")
    home.ok("sync", "--no-index")
    before = list(home.files("ana/Trips").values())
    assert len(before) == 1
    ana.imap.rename("Trips", "Travels")
    home.ok("sync", "--no-index")
    home.ok("sync", "--no-index")
    assert list(home.files("ana/Travels").values()) == before
    assert home.files("ana/Trips") == {}
    assert "Trips" not in home.ok("folders").out


def moved_and_deleted(world):
    """A folder deleted, here or there, behind a move out of it that nobody was
    told of: what was moved is where it was moved to, on both sides (P13)."""
    home, ana = world.home("moved", ["ana"]), world.mailbox("ana")
    for name in ("here", "there"):
        ana.imap.create("Left-" + name)
        ana.imap.create("Put-" + name)
        for number in range(25):
            ana.append(message(f"{name} {number}"), folder="Left-" + name)
    home.ok("sync", "--no-index")
    for name in ("here", "there"):
        home.ok("move", f"ana/Put-{name}", f"folder:ana/Left-{name}")
    home.ok("folders", "delete", "ana/Left-here")
    ana.imap.select("INBOX", readonly=True)
    assert ana.imap.delete("Left-there")[0] == "OK"
    home.ok("sync", "--no-index")
    for name in ("here", "there"):
        assert len(ana.messages("Put-" + name)) == 25, name
        until(lambda: len(home.files("ana/Put-" + name)) == 25, 20,
              "the files are in their new folder")
    listed = b" ".join(ana.imap.list()[1])
    assert b"Left-here" not in listed and b"Left-there" not in listed, listed
    assert "Left" not in home.ok("folders").out


def name_stays(world):
    """A folder deleted there of which the name stays for what lies below: a few
    messages go, many wait for a yes, which is said once (P16). Cyrus deletes no
    folder that has others below it."""
    home, ana = world.home("names", ["ana"]), world.mailbox("ana")
    for name, messages in (("Few", 3), ("Many", 25)):
        ana.imap.create(name)
        ana.imap.create(name + "/Below")
        for number in range(messages):
            ana.append(message(f"{name} {number}"), folder=name)
    home.ok("sync", "--no-index")
    ana.imap.select("INBOX", readonly=True)
    assert ana.imap.delete("Few")[0] == "OK"
    said = home.ok("sync", "--no-index")
    assert home.files("ana/Few") == {} and "kept here" not in said.err, said
    assert ana.imap.delete("Many")[0] == "OK"
    said = home.ok("sync", "--no-index")
    assert "25 messages are kept here" in said.out + said.err, said
    said = home.ok("sync", "--no-index")
    assert "kept here" not in said.out + said.err, said
    assert len(home.files("ana/Many")) == 25
    home.ok("sync", "--no-index", "--accept-removals", "ana")
    assert home.files("ana/Many") == {}


def made_anew(world):
    """A mailbox that was deleted and made again is another one, also to the
    sync that opens it ahead of the list: what is in it is here, once."""
    home, ana = world.home("anew", ["ana"]), world.mailbox("ana")
    ana.imap.create("Anew")
    for number in (1, 2, 3):
        ana.append(message(f"anew {number}"), folder="Anew")
    home.ok("sync", "--no-index")
    home.ok("sync", "ana/Anew", "--no-index")
    ana.imap.select("INBOX", readonly=True)
    assert ana.imap.delete("Anew")[0] == "OK"
    assert ana.imap.create("Anew")[0] == "OK"
    for number in (2, 4):
        ana.append(message(f"anew {number}"), folder="Anew")
    for only in (["ana/Anew"], []):
        home.ok("sync", *only, "--no-index")
        here = sorted(data.split(b"Subject: ")[1].split(b"\n")[0].strip()
                      for data in home.files("ana/Anew").values())
        assert here == [b"anew 2", b"anew 4"], here


def disk_gone(world):
    """The mail directory is not there, then it is, and one message came in
    between: nothing is deleted on the server or doubled (P16)."""
    home, ben = world.home("disk", ["ben"]), world.mailbox("ben")
    ben.imap.create("Disk")
    for number in range(5):
        ben.append(message(f"disk {number}"), folder="Disk")
    home.ok("sync", "--no-index")
    os.rename(home.mail, home.mail + ".aside")
    said = home.ok("sync", "--no-index")
    assert "gone from the disk" in said.out + said.err, said
    ben.append(message("disk 5"), folder="Disk")
    for _ in range(2):
        home.ok("sync", "--no-index")
    assert len(ben.messages("Disk")) == 6
    assert len(home.files("ben/Disk")) == 6
    os.rename(home.mail, home.mail + ".below")
    os.rename(home.mail + ".aside", home.mail)
    for _ in range(2):
        home.ok("sync", "--no-index")
    assert len(ben.messages("Disk")) == 6
    assert len(home.files("ben/Disk")) == 6


def on_any_server(tap, world):
    for test in (folders, renamed_there, moved_and_deleted, disk_gone):
        tap.run("ways: " + test.__name__.replace("_", " "), test, world)


def all_tests(tap, world):
    for test in (proxy, proxy_gone, resumed, tunnel, tunnel_fails,
                 made_anew, name_stays, news_of_all_folders,
                 news_of_more_folders):
        tap.run("ways: " + test.__name__.replace("_", " "), test, world)
    on_any_server(tap, world)
