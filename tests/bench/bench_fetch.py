#!/usr/bin/python3
"""First fetch and nothing-to-do sync beside the peer, from Dovecot on loopback
without TLS, in turns on one machine: mbsync's default settings against
posthorn. Not part of the test run.
Usage: bench_fetch.py POSTHORN [--messages N] [--rounds N] [--index]"""

import argparse
import base64
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "servers"))

import servers as real  # noqa: E402

MBSYNC = """
IMAPAccount bench
Host 127.0.0.1
Port {port}
User bench
Pass "{password}"
SSLType None
AuthMechs LOGIN

IMAPStore there
Account bench

MaildirStore here
Path {dir}/mail/
Inbox {dir}/mail/INBOX
SubFolders Verbatim

Channel bench
Far :there:
Near :here:
Patterns INBOX
Create Near
SyncState *
"""

POSTHORN = """account bench {{
    address   bench@{domain}
    incoming  "imap+insecure://bench@127.0.0.1:{port}"
    outgoing  "smtp://127.0.0.1:9"
    password  "{password}"
}}
"""

NOTMUCH = """[database]
path={dir}/mail
[user]
name=Bench
primary_email=bench@example.org
[new]
tags=unread;inbox
ignore=.mbsyncstate;.uidvalidity
[maildir]
synchronize_flags=true
"""

WORDS = ("the of and to in is that for it was on are as with they be at one "
         "have this from by hot but some what there we can out other were all "
         "your when up use word how said an each she which do their time if "
         "will way about many then them would write like so these her long "
         "make thing see him two has look more day could go come did my sound "
         "no most number who over know water than call first people may down"
         ).split()


def text(rng, size):
    lines, line = [], ""
    while sum(map(len, lines)) < size:
        line = " ".join(rng.choice(WORDS) for _ in range(11))
        lines.append(line + "\r\n")
    return "".join(lines)


def attachment(rng):
    data = rng.randbytes(int(20000 * 100 ** rng.random() ** 4))
    return base64.encodebytes(data).decode().replace("\n", "\r\n")


def body_of(rng, number):
    """5 % with a file of 20 KB to 2 MB, 15 % with HTML beside the text."""
    plain = text(rng, rng.randint(400, 5500))
    if number % 20 == 0:
        return ("multipart/mixed; boundary=b",
                f"--b\r\nContent-Type: text/plain\r\n\r\n{plain}\r\n"
                "--b\r\nContent-Type: application/octet-stream\r\n"
                "Content-Disposition: attachment; filename=data.bin\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n"
                f"{attachment(rng)}\r\n--b--\r\n")
    if number % 7 == 0:
        html = "".join(f"<p style=\"margin:0\">{line}</p>\r\n"
                       for line in plain.splitlines())
        return ("multipart/alternative; boundary=b",
                f"--b\r\nContent-Type: text/plain\r\n\r\n{plain}\r\n"
                f"--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n")
    return "text/plain; charset=utf-8", plain


def message(rng, number):
    kind, body = body_of(rng, number)
    day = time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                        time.gmtime(1600000000 + number * 3600))
    answer = (f"In-Reply-To: <{number - 1}@bench.example>\r\n"
              f"References: <{number - 1}@bench.example>\r\n"
              if number % 3 else "")
    return (f"Received: from a.example by b.example; {day}\r\n"
            f"From: Sender {number % 97} <s{number % 97}@bench.example>\r\n"
            f"To: bench@example.org\r\nSubject: Message {number} about "
            f"{rng.choice(WORDS)} {rng.choice(WORDS)}\r\nDate: {day}\r\n"
            f"Message-ID: <{number}@bench.example>\r\n{answer}"
            f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n{body}"
            ).encode()


def fill(servers, count):
    """Straight into the server's Maildir. Returns the bytes."""
    rng = random.Random(1)
    top = servers.path("mail", "bench")
    total = 0
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(top, name), exist_ok=True)
    for number in range(count):
        data = message(rng, number).replace(b"\r\n", b"\n")
        path = os.path.join(top, "cur",
                            f"{1600000000 + number}.{number}.bench:2,S")
        with open(path, "wb") as file:
            file.write(data)
        total += len(data)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup",
                        servers.path("mail")], check=True)
    return total


class Peer:
    """A program, its scratch folder, the commands of one sync."""

    def __init__(self, name, folder, commands, env=None):
        self.name, self.dir = name, folder
        self.commands = commands
        self.env = dict(os.environ, HOME=folder, **(env or {}))
        self.times = {}
        self.peak = 0

    def fresh(self, prepare):
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        prepare(self)

    def run(self, what):
        begin = time.monotonic()
        for argv in self.commands:
            process = subprocess.Popen(argv, env=self.env,
                                       stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
            err = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            process.stderr.close()
            self.peak = max(self.peak, usage.ru_maxrss)
            if process.returncode != 0:
                sys.exit(f"{argv}: {err.decode()[-2000:]}")
        self.times.setdefault(what, []).append(time.monotonic() - begin)


def write(path, content):
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
    os.chmod(path, 0o600)


def prepare_mbsync(peer, servers):
    os.makedirs(os.path.join(peer.dir, "mail"))
    write(os.path.join(peer.dir, "mbsyncrc"),
          MBSYNC.format(port=servers.imap, password=real.PASSWORD,
                        dir=peer.dir))
    write(os.path.join(peer.dir, "notmuch"), NOTMUCH.format(dir=peer.dir))


def prepare_posthorn(peer, servers):
    write(os.path.join(peer.dir, "posthorn.conf"),
          POSTHORN.format(port=servers.imap, password=real.PASSWORD,
                          domain=real.DOMAIN))


def make_peers(folder, posthorn, index):
    theirs, ours = os.path.join(folder, "mbsync"), os.path.join(folder, "ours")
    mbsync = [["mbsync", "-q", "-c", theirs + "/mbsyncrc", "bench"]]
    sync = [posthorn, "-c", ours + "/posthorn.conf", "sync"]
    if index:
        mbsync.append(["notmuch", "new", "--quiet"])
    else:
        sync.append("--no-index")
    return (Peer("mbsync + notmuch new" if index else "mbsync", theirs, mbsync,
                 {"NOTMUCH_CONFIG": theirs + "/notmuch"}),
            Peer("posthorn", ours, [sync], {
                "XDG_DATA_HOME": ours + "/data",
                "XDG_CACHE_HOME": ours + "/cache",
                "XDG_CONFIG_HOME": ours + "/config",
                "XDG_RUNTIME_DIR": ours}))


def count_files(top):
    return sum(len(files) for folder, _, files in os.walk(top)
               if os.path.basename(folder) in ("cur", "new"))


def report(peers, what):
    theirs, ours = (peer.times[what] for peer in peers)
    for peer in peers:
        times = peer.times[what]
        print(f"{what:14} {peer.name:22} median "
              f"{statistics.median(times):7.2f} s  min {min(times):7.2f}  "
              f"max {max(times):7.2f}  memory {peer.peak // 1024} MB")
    print(f"{what:14} ratio {statistics.median(ours) / statistics.median(theirs):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posthorn", type=os.path.abspath)
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--index", action="store_true",
                        help="fetched and searchable, beside notmuch new")
    options = parser.parse_args()
    with real.Servers(users=("bench",)) as servers:
        total = fill(servers, options.messages)
        print(f"{options.messages} messages, {total / 1e6:.0f} MB")
        peers = make_peers(servers.path("bench"), options.posthorn,
                           options.index)
        prepare = (lambda peer: prepare_mbsync(peer, servers),
                   lambda peer: prepare_posthorn(peer, servers))
        for _ in range(options.rounds):
            for peer, make in zip(peers, prepare):
                peer.fresh(make)
                peer.run("first fetch")
                got = count_files(peer.dir)
                if got < options.messages:
                    sys.exit(f"{peer.name}: {got} files only")
        for _ in range(max(options.rounds, 5)):
            for peer in peers:
                peer.run("nothing to do")
        for what in ("first fetch", "nothing to do"):
            report(peers, what)


if __name__ == "__main__":
    main()
