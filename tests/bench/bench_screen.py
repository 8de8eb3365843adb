#!/usr/bin/python3
"""What a person waits for, beside mutt and neomutt in turns on one machine:
exec to list and memory, keys, opening, a new IMAP account, full text search,
what one key writes, queuing a message. Each program runs in a terminal of ours (screen_driver.py);
every time is from the exec or the key to the last octet of the screen that
shows it. Not part of the test run; no figure fails it.

    meson setup _build-rel -Dtests=false -Dbuildtype=release
    ninja -C _build-rel
    tests/bench/bench_screen.py _build-rel/src/posthorn local --messages 100000
    tests/bench/bench_screen.py _build-rel/src/posthorn imap --messages 100000
    tests/bench/bench_screen.py _build-rel/src/posthorn search
    tests/bench/bench_screen.py _build-rel/src/posthorn queue

Needs mutt, neomutt, python3-pyte, for imap also dovecot-imapd, as root or with
a Dovecot that runs as its user. --keep FOLDER keeps mailboxes, caches and the
state of posthorn from run to run: the mailbox of 100,000 messages (542 MB) is
written once, indexed once (minutes, search only). All run on a warm page cache;
the peers with a warm header cache where the text does not say "new". On a
machine that does other work look at the ratios and minima, and at one run."""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "servers"))

import mailbox as messages  # noqa: E402
import servers as real  # noqa: E402
from screen_driver import Program  # noqa: E402

DOWN, UP, PAGE_DOWN, PAGE_UP = b"j", b"k", b"\033[6~", b"\033[5~"
OPEN, BACK = b"\r", b"q"
FRAME = b"\033[?2026h"

MUTTRC = """
set folder="{folder}"
set spoolfile="{spool}"
set header_cache="{home}/cache"
set message_cachedir="{home}/bodies"
set mbox_type=Maildir
set sort=reverse-threads
set sort_aux=last-date-received
set quit=yes
set mark_old=no
set imap_pass="{password}"
set ssl_starttls=no
set ssl_force_tls=no
set imap_authenticators="plain:login"
unset record
unset postponed
unset help
"""

POSTHORN = """set dns off
account bench {{
    address   bench@{domain}
    incoming  "{url}"
    outgoing  "smtp://127.0.0.1:9"
    password  "{password}"
}}
set theme dark
"""


class Client:
    """One of the programs: its home, its command."""

    def __init__(self, name, program, home):
        self.name, self.program, self.home = name, program, home
        self.times = {}

    def prepare(self, box, url):
        """url: maildir:///PATH or imap://bench@127.0.0.1:PORT."""
        os.makedirs(os.path.join(self.home, "cache"), exist_ok=True)
        if self.name == "posthorn":
            self._write("posthorn.conf", POSTHORN.format(
                url=url.replace("imap://", "imap+insecure://"),
                password=real.PASSWORD, domain=real.DOMAIN))
            return
        spool = url.removeprefix("maildir://")
        if url.startswith("imap"):
            spool = url + "/INBOX"
        self._write("muttrc", MUTTRC.format(
            folder=spool, spool=spool, home=self.home,
            password=real.PASSWORD))

    def _write(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def env(self):
        home = self.home
        return dict(
            os.environ, HOME=home, LC_ALL="C.UTF-8", TZ="UTC", EDITOR="true",
            VISUAL="",
            XDG_DATA_HOME=home + "/data", XDG_CACHE_HOME=home + "/cache",
            XDG_CONFIG_HOME=home + "/config", XDG_RUNTIME_DIR=home)

    def argv(self, *more):
        if self.name == "posthorn":
            return [self.program, "-c", self.home + "/posthorn.conf", *more]
        return [self.program, "-n", "-F", self.home + "/muttrc"]

    def start(self):
        return Program(self.argv(), self.env())

    def run(self, *words):
        subprocess.run(self.argv(*words), env=self.env(), check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def forget(self):
        """All that it knows of its account."""
        shutil.rmtree(self.home, ignore_errors=True)

    def note(self, what, value):
        self.times.setdefault(what, []).append(value)


def rows(program):
    return len(re.findall(r"Message \d+ ", program.text()))


def has_list(program):
    return rows(program) > 10


def shows(box):
    """posthorn promises the newest thread on its first screen."""
    return lambda program: box.newest() in program.text() and has_list(program)


def seen_by(client, box):
    return shows(box) if client.name == "posthorn" else has_list


def report(clients, what, unit=1000):
    """Median, minimum, maximum of each, and posthorn's share of each peer."""
    ours = [c.times[what] for c in clients
            if c.name == "posthorn" and what in c.times]
    for client in clients:
        times = client.times.get(what)
        if not times:
            continue
        median = statistics.median(times)
        ratio = ""
        if ours and client.name != "posthorn":
            ratio = (f"  posthorn {statistics.median(ours[0]) / median:.2f}"
                     " of it")
        tail = sorted(times)[int(len(times) * 0.95)]
        print(f"{what:26} {client.name:9} median "
              f"{median * unit:8.2f}  "
              f"min {min(times) * unit:8.2f}  max {max(times) * unit:8.2f}"
              + (f"  p95 {tail * unit:7.2f}" if len(times) >= 20 else "")
              + ratio)


def make_box(folder, count):
    """The mailbox, written once."""
    box = messages.for_count(count)
    mail = os.path.join(folder, "mail")
    if not os.path.exists(os.path.join(folder, "written")):
        shutil.rmtree(mail, ignore_errors=True)
        os.makedirs(mail)
        print(f"writing {count} messages", flush=True)
        print(f"{box.write(mail) / 1e6:.0f} MB")
        open(os.path.join(folder, "written"), "w", encoding="ascii").close()
    return box, mail


def press_all(client, program, what, keys, rounds):
    for key in keys * rounds:
        client.note(what, program.press(key))


def measure_keys(client, program):
    press_all(client, program, "key j, k, ms", [DOWN] * 15 + [UP] * 15, 7)
    press_all(client, program, "page down, ms", [PAGE_DOWN], 40)
    for _ in range(20):
        client.note("open a message, ms", program.press(OPEN))
        program.press(BACK)
        program.press(DOWN)


def measure_frames(program):
    """What one cursor move writes, and a thousand in one write."""
    before = program.written
    program.press(DOWN)
    print(f"{'octets of one j':26} posthorn  {program.written - before}")
    frames, pieces = 0, program.stream.feed

    def count(data):
        nonlocal frames
        frames += data.count(FRAME)
        pieces(data)

    program.stream.feed = count
    before = program.written
    took = program.press(DOWN * 1000)
    program.stream.feed = pieces
    print(f"{'1000 j in one write':26} posthorn  frames {frames}, octets "
          f"{program.written - before}, {took * 1000:.1f} ms")


def bench_local(options, clients, folder):
    box, mail = make_box(folder, options.messages)
    for client in clients:
        client.prepare(box, "maildir://" + mail)
        if client.name == "posthorn":
            client.run("sync", "--no-index")
        with client.start() as program:  # warm
            program.wait(seen_by(client, box), 300)
            program.settle(1)
    for _ in range(options.rounds):
        for client in clients:
            with client.start() as program:
                when = program.wait(seen_by(client, box), 300)
                client.note("exec to list, ms", when - program.began)
                program.settle()
                resident, own = program.memory()
                client.note("resident, MB", resident / 1000)
                client.note("of it its own, MB", own / 1000)
    for client in clients:
        with client.start() as program:
            program.wait(seen_by(client, box), 300)
            program.settle(1)
            measure_keys(client, program)
            if client.name == "posthorn":
                measure_frames(program)
    for what in ("exec to list, ms", "resident, MB", "of it its own, MB",
                 "key j, k, ms", "page down, ms", "open a message, ms"):
        report(clients, what)


def fill_server(servers, mail):
    """The mailbox as the server's own, by hard links."""
    top = servers.path("mail", "bench")
    subprocess.run(["cp", "-al", mail, top], check=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup", top], check=True)


def all_listed(box):
    """The top row counts threads."""
    threads = (box.count + 2) // 3
    return lambda program: f" {threads}" in program.screen.display[0]


def keys_while_fetching(client, program, presses):
    """The cursor goes down and up; frames of news come in between."""
    program.press(DOWN * 5)
    for number in range(presses):
        before = program.screen.cursor.y
        client.note("key while fetching, ms", program.press_until(
            UP if number % 2 else DOWN,
            lambda p, y=before: p.screen.cursor.y != y))
        pause = time.monotonic() + 0.02
        while time.monotonic() < pause:
            got = program.read(pause - time.monotonic())
            if got:
                program.stream.feed(got[1])


def measure_new(client, box):
    with client.start() as program:
        when = program.wait(seen_by(client, box), 300)
        client.note("new: first screen, ms", when - program.began)
        if client.name == "posthorn":
            when = program.wait(all_listed(box), 300)
        client.note("new: all rows, ms", when - program.began)
        program.settle(0.3, 1)
    with client.start() as program:
        when = program.wait(seen_by(client, box), 300)
        client.note("again, ms", when - program.began)


def bench_imap(options, clients, folder):
    box, mail = make_box(folder, options.messages)
    with real.Servers(users=("bench",)) as servers:
        fill_server(servers, mail)
        url = f"imap://bench@127.0.0.1:{servers.imap}"
        for number in range(options.rounds + 1):
            for client in clients:
                client.forget()
                client.prepare(box, url)
                measure_new(client, box)
                if number == 0:  # the server's own caches are warm now
                    client.times.clear()
        for client in clients:
            if client.name == "posthorn":
                client.forget()
                client.prepare(box, url)
                with client.start() as program:
                    program.wait(shows(box), 300)
                    keys_while_fetching(client, program, 300)
    for what in ("new: first screen, ms", "new: all rows, ms", "again, ms",
                 "key while fetching, ms"):
        report(clients, what)


def search_posthorn(client, box, rounds):
    newest = (box.count - 1) // 50 * 50
    for _ in range(rounds):
        with client.start() as program:
            program.wait(shows(box), 300)
            program.settle(1)
            for what in ("search, first, ms", "search, next, ms"):
                program.press(b"/")
                took = program.press_until(
                    messages.RARE.encode(),
                    lambda p: re.search(f"Message {newest} ", p.text()))
                client.note(what, took)
                program.press(b"\033")
                program.settle()


def bench_search(options, clients, folder):
    box, mail = make_box(folder, options.messages)
    for client in clients:
        client.prepare(box, "maildir://" + mail)
        if client.name == "posthorn":
            client.run("sync")
            search_posthorn(client, box, options.rounds)
        elif options.messages <= 10000:
            with client.start() as program:
                program.wait(has_list, 300)
                program.settle(1)
                begin = time.monotonic()
                os.write(program.fd, b"l~b " + messages.RARE.encode() + b"\r")
                when = program.wait_text("limit:", 600)
                client.note("search, first, ms", when - begin)
    for what in ("search, first, ms", "search, next, ms"):
        report(clients, what)


def bench_queue(options, clients, folder):
    """y on the review page, until the screen says that the message is queued:
    its bytes and envelope are durable then. Nothing is dialled: undo-send."""
    box, mail = make_box(folder, options.messages)
    text = os.path.join(folder, "text")
    with open(text, "w", encoding="utf-8") as file:
        file.write("A line of text.\n" * 20)
    for client in clients:
        if client.name != "posthorn":
            continue
        client.prepare(box, "maildir://" + mail)
        client.run("sync", "--no-index")
        with client.start() as program:
            program.wait(shows(box), 300)
            for _ in range(20):
                os.write(program.fd, b":compose --to bob@example.org --subject "
                         b"hello --body " + text.encode() + b"\r")
                program.wait(lambda p: " Review" in p.text())
                program.settle()
                took = program.press_until(
                    b"y", lambda p: "Sending in a moment" in p.text())
                client.note("queue a message, ms", took)
                program.settle()
    report(clients, "queue a message, ms")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("posthorn", type=os.path.abspath)
    parser.add_argument("what", choices=("local", "imap", "search", "queue"))
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=os.path.abspath)
    parser.add_argument("--only", help="programs, separated by commas",
                        default="mutt,neomutt,posthorn")
    options = parser.parse_args()
    top = options.keep or tempfile.mkdtemp(prefix="posthorn-bench-")
    folder = os.path.join(top, str(options.messages))
    os.makedirs(folder, exist_ok=True)
    clients = [
        Client(name, options.posthorn if name == "posthorn" else name,
               os.path.join(folder, f"{options.what}-{name}"))
        for name in options.only.split(",")]
    print(f"{options.messages} messages", flush=True)
    try:
        {"local": bench_local, "imap": bench_imap,
         "search": bench_search, "queue": bench_queue}[options.what](options, clients, folder)
    finally:
        if options.keep is None:
            shutil.rmtree(top)


if __name__ == "__main__":
    main()
