#!/usr/bin/env python3
"""The screen among stops, signals, lost terminals, bad servers and bad
messages. Prints TAP. Usage: alive.py POSTHORN [NAME…]"""

import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "servers"))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "trust"))
import dns_server  # noqa: E402
import fake  # noqa: E402
import servers  # noqa: E402
from terminal import Terminal, width  # noqa: E402

POSTHORN = os.path.abspath(sys.argv[1])
RECORD = os.path.join(os.path.dirname(HERE), "e2e", "record.py")
TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


class Mail:
    """A folder with a Maildir of a few messages and a configuration."""

    def __init__(self, more="", account=None):
        self.dir = os.path.realpath(
            subprocess.run(["mktemp", "-d"], capture_output=True, text=True,
                           check=True).stdout.strip())
        for part in ("cur", "new", "tmp"):
            os.makedirs(self.path("mail", part))
        os.mkdir(self.path("events"))
        for number in range(3):
            self.deliver(f"n{number}", self.message(f"subject {number}"))
        self.write("posthorn.conf", "set dns off\n" + (account or (
            "account here {\n    address ana@example.org\n"
            f"    incoming maildir://{self.path('mail')}\n}}\n")) + more)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    @staticmethod
    def message(subject, message_id=None, body="hello\n"):
        return (f"From: Ben <ben@example.org>\nTo: ana@example.org\n"
                f"Subject: {subject}\nDate: Mon, 23 Nov 2026 05:13:00 +0000\n"
                f"Message-ID: <{message_id or subject.replace(' ', '.')}"
                f"@test.example>\n\n{body}").encode()

    def deliver(self, name, data):
        with open(self.path("mail", "cur", name + ":2,"), "wb") as file:
            file.write(data)

    def script(self, name, text):
        return self.write(name, "#!/bin/sh\n" + text, 0o755)

    def command(self):
        return f"{POSTHORN} -c {self.path('posthorn.conf')}"

    def env(self, **more):
        names = ("CONFIG", "DATA", "CACHE")
        found = {f"XDG_{name}_HOME": self.path(name.lower())
                 for name in names}
        found["XDG_RUNTIME_DIR"] = self.path()
        found.update(more)
        return found

    def terminal(self, columns=80, rows=24, **more):
        return Terminal(self.command(), columns, rows, self.env(**more))

    def told(self):
        found = []
        for name in os.listdir(self.path("events")):
            if name.endswith(".json"):
                with open(self.path("events", name), encoding="utf-8") as file:
                    found.append(json.load(file))
        return found

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def until(check, what, seconds=60):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def child_of(pid):
    return int(subprocess.run(["pgrep", "-P", str(pid)], capture_output=True,
                              text=True, check=True).stdout.split()[0])


def command(terminal, text):
    """At the prompt."""
    terminal.type(":" + text)
    terminal.keys("Enter")


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


def in_shell(mail, terminal, more=""):
    """Starts the program from a shell with job control; its pid."""
    terminal.type(f"{more}{mail.command()}\n")
    terminal.wait_text("subject 2")
    terminal.settle()
    return child_of(terminal.pid())


@contextlib.contextmanager
def shell(mail, **more):
    with Terminal("sh", env=mail.env(PS1="ready> ", **more)) as terminal:
        terminal.wait_text("ready>")
        yield terminal
        assert not terminal.reports(), terminal.reports()


def check_stop(terminal, pid, number):
    """Stopped: the shell is there with the terminal as it was; gone on: the
    screen is there, and takes keys."""
    os.kill(pid, number)
    terminal.wait(lambda _: state(pid) == "T")
    if number == signal.SIGTSTP:
        terminal.wait(lambda _: terminal.value("#{alternate_on}") == "0")
    terminal.type("stty -a; echo no''w\n")
    terminal.wait_text("now")
    terminal.type("fg\n")
    terminal.wait_text("subject 2")
    before = terminal.cursor()[1]
    terminal.keys("j" if before < 3 else "k")
    terminal.wait(lambda _: terminal.cursor()[1] not in (before, 23))


@test
def stopped_from_outside():
    """SIGTSTP and SIGSTOP of another program (P40)."""
    with Mail() as mail, shell(mail) as terminal:
        pid = in_shell(mail, terminal)
        for number in (signal.SIGTSTP, signal.SIGSTOP, signal.SIGTSTP):
            check_stop(terminal, pid, number)
        terminal.type("Q")
        terminal.wait_text("ready>")


@test
def stopped_in_a_sync_and_a_hook():
    """The same while a server is silent and a hook hangs (P40)."""
    with fake.Fake(fake.silent) as server, Mail(
            "account far {\n address ana@example.org\n password x\n"
            f" incoming imap+insecure://127.0.0.1:{server.port}\n}}\n"
            "hook startup { exec sleep 120 }\n") as mail, \
            shell(mail) as terminal:
        pid = in_shell(mail, terminal)
        until(lambda: server.accepted, "it connects")
        check_stop(terminal, pid, signal.SIGTSTP)
        terminal.type("Q")
        terminal.wait_text("ready>")


EDITOR = 'echo "the editor" >> "$1"; echo $$ > "$HOME/pid"; echo EDITING; ' \
         'read word; echo "$word" >> "$1"\n'


def in_editor(mail, terminal):
    """Begins a message; the pid of the editor that waits for a line."""
    command(terminal, "compose --to ben@example.org --subject kept")
    terminal.wait_text("EDITING")
    path = os.path.join(terminal.env["HOME"], "pid")
    until(lambda: os.path.exists(path) and open(path, encoding="utf-8").read(),
          "the editor runs")
    with open(path, encoding="utf-8") as file:
        return int(file.read())


def drafts(mail):
    top = mail.path("data", "posthorn", "drafts")
    found = []
    for name in os.listdir(top):
        with open(os.path.join(top, name), encoding="utf-8") as file:
            found.append(file.read())
    return found


@test
def stopped_in_an_editor():
    """^Z in the editor stops both, ^C is the editor's; then both go on
    (P40)."""
    with Mail() as mail:
        editor = mail.script("editor", "trap : INT\n" + EDITOR)
        with shell(mail, EDITOR=editor, VISUAL="") as terminal:
            pid = in_shell(mail, terminal)
            inner = in_editor(mail, terminal)
            terminal.keys("C-z")
            until(lambda: state(pid) == "T" and state(inner) == "T",
                  "both stop")
            terminal.type("fg\n")
            until(lambda: state(pid) != "T" and state(inner) != "T",
                  "both go on")
            terminal.keys("C-c")
            time.sleep(0.3)
            assert state(pid) != "Z" and os.path.exists(f"/proc/{pid}")
            terminal.type("typed\n")
            terminal.wait_text("kept")
            terminal.settle()
            assert any("the editor" in text for text in drafts(mail))
            assert state(pid) != "T"


@test
def a_server_out_of_reach_is_said():
    """The top row says which account is offline, since when and why."""
    with Mail("account far {\n address ana@example.org\n password x\n"
              " incoming imap+insecure://127.0.0.1:1\n}\n") as mail, \
            mail.terminal() as terminal:
        terminal.wait(lambda s: re.search(
            r"far offline since \d\d:\d\d: 127\.0\.0\.1:1 c", s[0]))
        terminal.type("Q")
        terminal.wait_end()


@test
def a_hook_speaks_on_the_bottom_row():
    """What it prints, and what its program does, is said and not written over
    the screen; of several lines the first, and where to read them all."""
    for hook, said in (("echo hello from a hook", "hello from a hook"),
                       ("exec sh -c 'printf \"two\\nlines\\n\"'",
                        "two  (+1 line: `:activity`"),
                       ("echo two\necho more\necho lines",
                        "two  (+2 lines: `:activity`")):
        with Mail(f"hook startup {{ {hook} }}\n") as mail, \
                mail.terminal() as terminal:
            screen = terminal.wait(lambda s, text=said: text in s[-1])
            assert screen[0].startswith((" Inbox", " All mail")), screen
            assert not any(said in row for row in screen[:-1]), screen
            if "two" in said:
                terminal.type("gA")
                terminal.wait(lambda s: s[0].startswith(" Activity")
                              and any("hook: two" in row for row in s)
                              and any("hook: lines" in row for row in s))
            terminal.type("Q")
            terminal.wait_end()


@test
def ended_in_an_editor():
    """SIGTERM while the editor runs: both end, the draft is kept (P39)."""
    with Mail() as mail:
        editor = mail.script("editor", EDITOR)
        with shell(mail, EDITOR=editor, VISUAL="") as terminal:
            pid = in_shell(mail, terminal)
            inner = in_editor(mail, terminal)
            begin = time.monotonic()
            os.kill(pid, signal.SIGTERM)
            terminal.wait_text("ready>")
            until(lambda: not os.path.exists(f"/proc/{inner}"), "it ends")
            assert time.monotonic() - begin < 20
            assert any("the editor" in text for text in drafts(mail))


class Pty:
    """The program on a terminal that can be taken away."""

    def __init__(self, mail, hangup=True, **more):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            if not hangup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            env = {"PATH": os.environ["PATH"], "TERM": "xterm",
                   "HOME": mail.path(), "LC_ALL": "C.UTF-8",
                   **mail.env(**more)}
            for name, value in os.environ.items():
                if name.endswith("SAN_OPTIONS"):
                    env[name] = value
            os.execvpe("sh", ["sh", "-c", "exec " + mail.command()], env)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        self.seen = b""

    def wait_text(self, text):
        end = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            self.seen += os.read(self.master, 65536)

    def close(self):
        """Takes the terminal away; how long and how much work it took."""
        os.close(self.master)
        begin = time.monotonic()
        end = begin + 30
        while True:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                return time.monotonic() - begin, status, usage
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError("it goes on without a terminal")
            time.sleep(0.02)


@test
def the_terminal_goes_away():
    """ssh is cut: it ends, also where SIGHUP is ignored (P44)."""
    for hangup in (True, False):
        with Mail() as mail:
            screen = Pty(mail, hangup)
            screen.wait_text(b"subject 2")
            seconds, status, _ = screen.close()
            assert os.WIFEXITED(status), (hangup, status)
            assert seconds < 20, seconds


@test
def the_terminal_goes_away_in_an_editor():
    """The same while the editor runs; the draft is kept (P44)."""
    with Mail() as mail:
        editor = mail.script("editor", EDITOR)
        screen = Pty(mail, EDITOR=editor, VISUAL="")
        screen.wait_text(b"subject 2")
        os.write(screen.master, b":compose --to b@example.org --subject x\r")
        screen.wait_text(b"EDITING")
        _, status, _ = screen.close()
        assert os.WIFEXITED(status), status
        assert any("the editor" in text for text in drafts(mail))


@test
def odd_sizes():
    """1x1, 500x200, and back (P41)."""
    with Mail() as mail, mail.terminal() as terminal:
        terminal.wait_text("subject 2")
        for columns, rows in ((1, 1), (2, 1), (1, 50), (500, 200), (80, 2),
                              (500, 1), (80, 24)):
            terminal.resize(columns, rows)
            for row in terminal.settle():
                assert width(row) <= columns, (columns, rows, row)
            for key in ("j", "Enter", "?", "Escape", "q"):
                terminal.keys(key)
                if key == "Escape":  # with the next key it would be Alt
                    terminal.settle()
            terminal.settle()
            assert not terminal.ended(), (columns, rows)
        terminal.wait_text("subject 2")
        assert not terminal.reports(), terminal.reports()


@test
def a_search_whose_list_goes():
    """A hook opens a folder while a search is typed: the search ends with its
    list."""
    with Mail("hook message-arrived { open --folder inbox }\n") as mail, \
            mail.terminal() as terminal:
        terminal.wait_text("subject 2")
        terminal.type("/subject")
        terminal.wait(lambda s: "3 found" in s[0])
        mail.deliver("new", mail.message("subject new"))
        terminal.wait(lambda s: "keys" in s[-1] and "Search" not in s[0])
        terminal.type("j")
        terminal.wait(lambda s: "2/4" in s[-1])
        assert not terminal.ended() and not terminal.reports()


@test
def opening_waits_for_no_dns():
    """A message is shown while the DNS is silent about its sender; what comes
    of the check stands in its place, and on the page about him (U1 to U3)."""
    zone = dns_server.Zone({}, dead=["_dmarc.example.org"])
    server = dns_server.DnsServer(zone)
    with Mail(f"set dns on\nset dns-server {server.address}\n") as mail, \
            mail.terminal(rows=30) as terminal:
        terminal.wait_text("subject 2")
        terminal.keys("Enter")
        terminal.wait_text("hello")
        terminal.wait_text("? checking who sent this")
        terminal.type("@")
        terminal.wait_text("checking who sent this")
        zone.dead.clear()
        terminal.wait_text("Lookups")
        terminal.type("q")
        terminal.wait_text("example.org  no DKIM · no DMARC")
        terminal.type("q")
        terminal.wait(lambda s: sum(" ? " in row[:6] for row in s) == 3)
        terminal.type("Q")
    server.stop()


def judged(mail, name, result, answers=""):
    """Delivers a message about which the own server wrote result."""
    mail.deliver(name, (
        f"Authentication-Results: mx.r.example; dmarc={result} "
        "header.from=example.org\n"
        + (f"In-Reply-To: <{answers}@test.example>\n" if answers else "")
    ).encode() + mail.message(f"Re: {name}", name, f"words of {name}\n")
        .replace(b"05:13", b"05:12" if answers else b"05:13"))


@test
def thread_marks_the_failing_one():
    """In the list and in a thread, folded and not; its links alone are locked
    (U1)."""
    with Mail(account="") as mail:
        for number in range(3):
            os.unlink(mail.path("mail", "cur", f"n{number}:2,"))
        judged(mail, "root", "pass")
        judged(mail, "forged", "fail", "root")
        mail.write("posthorn.conf", "set dns off\naccount here {\n"
                   "    address ana@example.org\n"
                   "    authserv-id mx.r.example\n"
                   f"    incoming maildir://{mail.path('mail')}\n}}\n")
        with mail.terminal(rows=40) as terminal:
            terminal.wait(lambda s: any("Re:" in row and "✗" in row
                                        for row in s))
            terminal.keys("Enter")
            terminal.type("zR")
            screen = terminal.wait_text("Links and attachments are locked")
            assert any(row.startswith(" ✗ Not from example.org  DMARC fail")
                       for row in screen), screen
            terminal.wait_text("✓ example.org  DMARC pass · no DKIM")
            terminal.type("zM")
            terminal.wait(lambda s: [row[:4] for row in s[2:4]]
                          == ["▌▸ B", " ▸ ✗"])
            terminal.type("Q")


@test
def url_of_plain_text_is_a_link():
    """It is numbered and opened by its number."""
    with Mail(account="") as mail:
        for number in range(3):
            os.unlink(mail.path("mail", "cur", f"n{number}:2,"))
        mail.deliver("linked", mail.message(
            "linked", "linked", "see (https://x.example/a_(b)). Bye\n"))
        mail.write("posthorn.conf", "set dns off\nset opener true\n"
                   "account here {\n    address ana@example.org\n"
                   f"    incoming maildir://{mail.path('mail')}\n}}\n")
        with mail.terminal() as terminal:
            terminal.wait(lambda s: "linked" in s[1])
            terminal.keys("Enter")
            terminal.wait_text("see (https://x.example/a_(b) [1]). Bye")
            terminal.type("1o")
            terminal.wait_text("Opened https://x.example/a_(b)")
            terminal.type("2o")
            terminal.wait_text("There is no link of that number.")
            terminal.type("Q")


@test
def what_was_opened_stays():
    """A viewer goes on when the program ends, however long it was open; one
    that fails says so."""
    with Mail(account="") as mail:
        viewer = mail.script(
            "viewer", f"test \"$1\" = https://x.example/a || exit 4\n"
            f"touch {mail.path('seen')}\n"
            f"while ! test -e {mail.path('go')}; do sleep 0.05; done\n"
            f"echo words\ntouch {mail.path('stayed')}\n")
        mail.deliver("linked", mail.message(
            "linked", "linked", "https://x.example/a https://x.example/b\n"))
        mail.write("posthorn.conf", f"set dns off\nset opener {viewer}\n"
                   "account here {\n    address ana@example.org\n"
                   f"    incoming maildir://{mail.path('mail')}\n}}\n")
        with mail.terminal() as terminal:
            terminal.wait(lambda s: any("linked" in row for row in s))
            terminal.type("/subject:linked")
            terminal.keys("Enter")
            terminal.wait(lambda s: "linked" in s[1])
            terminal.keys("Enter")
            terminal.wait_text("https://x.example/b [2]")
            terminal.type("2o")
            terminal.wait_text("viewer ended with status 4")
            terminal.type(":set opener /no/such/viewer")
            terminal.keys("Enter")
            terminal.type("1o")
            terminal.wait_text("/no/such/viewer cannot be started")
            terminal.type(f":set opener {viewer}")
            terminal.keys("Enter")
            terminal.type("1o")
            until(lambda: os.path.exists(mail.path("seen")), "not opened")
            terminal.type("Q")
            terminal.wait_end()
        mail.write("go", "")
        until(lambda: os.path.exists(mail.path("stayed")), "ended with us")


@test
def list_is_believed_by_a_rule_alone():
    """Anybody may sign for a list of his own: amber until a rule names it
    (U4, U6)."""
    for rule, line in (
            ("", "? example.org  via dev.lists.test, unverified · DKIM pass"),
            ("signers list:dev.lists.test lists.test\n",
             "✓ dev.lists.test  for example.org, re-sent by a list · "
             "DKIM pass")):
        with Mail(account="") as mail:
            for number in range(3):
                os.unlink(mail.path("mail", "cur", f"n{number}:2,"))
            mail.deliver("listed", (
                b"Authentication-Results: mx.r.example; dkim=pass "
                b"header.d=lists.test\nList-Id: Dev <dev.lists.test>\n")
                + mail.message("listed", "listed", "words\n"))
            mail.write("posthorn.conf", "set dns off\naccount here {\n"
                       "    address ana@example.org\n"
                       "    authserv-id mx.r.example\n"
                       f"    incoming maildir://{mail.path('mail')}\n}}\n"
                       + rule)
            with mail.terminal(rows=30) as terminal:
                terminal.wait_text("listed")
                terminal.keys("Enter")
                terminal.wait_text(line)
                terminal.type("Q")


def first_line(command, env):
    """What the program says on a real terminal on which it cannot start."""
    words = f"{command}; echo ended with $?; sleep 600"
    with Terminal(f"sh -c {shlex.quote(words)}", 300, 24, env) as terminal:
        rows = [row for row in terminal.wait_text("ended with ")
                if row.strip()]
        return rows[:-1], rows[-1].rsplit(" ", 1)[1]


@test
def strange_terminals():
    """TERM unset, dumb, unknown: one line says what to set (P45)."""
    with Mail() as mail:
        for before, word in (("env -u TERM", "not set"),
                             ("env TERM=dumb", "dumb"),
                             ("env TERM=no-such", "no-such")):
            lines, status = first_line(f"{before} {mail.command()}",
                                       mail.env())
            assert len(lines) == 1 and word in lines[0], lines
            assert "TERM" in lines[0] and status == "2", (lines, status)


@test
def strange_homes():
    """A home that cannot be made, a configuration that cannot be read or
    understood: one line, before the screen is taken (P45)."""
    with Mail() as mail:
        lines, status = first_line(
            mail.command(), mail.env(XDG_DATA_HOME="/proc/nowhere"))
        assert len(lines) == 1 and "/proc/nowhere" in lines[0], lines
        assert status == "1", status
        mail.write("posthorn.conf", "set theem dark\n")
        lines, status = first_line(mail.command(), mail.env())
        assert len(lines) == 1 and "posthorn.conf:1" in lines[0], lines
        assert "theme" in lines[0] and status == "2", (lines, status)
        os.unlink(mail.path("posthorn.conf"))
        os.mkdir(mail.path("posthorn.conf"))
        lines, status = first_line(mail.command(), mail.env())
        assert len(lines) <= 2 and "posthorn.conf" in lines[0], lines


def far(url, more=""):
    return ("account far {\n    address ana@example.org\n"
            f"    password secret-word\n    incoming {url}\n{more}}}\n")


def trouble(account, *words):
    """The screen says it, one of the words is in a row of it, and it quits in
    a second."""
    with Mail(account=account) as mail, mail.terminal(120) as terminal:
        screen = terminal.wait(lambda rows: any(
            word in row for row in rows for word in words))
        assert not any("secret-word" in row for row in screen)
        answers(terminal)
        quit_now(terminal)


def answers(terminal):
    """Keys and the prompt do."""
    command(terminal, "echo still here")
    terminal.wait(lambda rows: any(row.strip().startswith("still here")
                                   for row in rows))


def quit_now(terminal):
    begin = time.monotonic()
    terminal.type("Q")
    terminal.wait_end(20)
    assert time.monotonic() - begin < 10, "the promise is 1 s on a free machine"
    assert not terminal.reports(), terminal.reports()


def refuse(connection):
    connection.sendall(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n")
    with connection.makefile("rb") as lines:
        for line in lines:
            tag = line.split()[0]
            connection.sendall(tag + b" NO [AUTHENTICATIONFAILED] no\r\n")


@test
def trouble_wrong_password():
    with fake.Fake(refuse) as server:
        trouble(far(f"imap+insecure://127.0.0.1:{server.port}"), "password")


@test
def trouble_dead_host():
    trouble(far(f"imaps://127.0.0.1:{servers.free_port()}"), "refused")


@test
def trouble_certificates():
    folder = subprocess.run(["mktemp", "-d"], capture_output=True, text=True,
                            check=True).stdout.strip()
    try:
        made = servers.Certificates(folder)
        for name, words in (("expired", ("expired",)),
                            ("other", ("certificate",))):
            with fake.Fake(fake.silent, made.pair(name)) as server:
                trouble(far(f"imaps://localhost:{server.port}",
                            f"    tls-ca-file {made.ca}\n"), *words)
    finally:
        shutil.rmtree(folder)


@test
def trouble_malformed():
    with fake.Fake(fake.malformed) as server:
        trouble(far(f"imap+insecure://localhost:{server.port}"), "localhost")
    with fake.Fake(fake.garbage) as server:
        trouble(far(f"imap+insecure://localhost:{server.port}"), "localhost")


@test
def trouble_one_mailbox():
    """What is refused of an account that is online is said in the top row and
    in the activity."""
    with fake.Fake(fake.shut) as server, \
            Mail(account=far(f"imap+insecure://localhost:{server.port}")) \
            as mail, mail.terminal(120) as terminal:
        terminal.wait(lambda rows: "far: " in rows[0]
                      and "it is shut" in rows[0])
        command(terminal, "activity")
        terminal.wait(lambda rows: any(
            "it is shut" in row and row.endswith("; all else is up to date")
            for row in rows))


@test
def trouble_silent_server():
    """A command that waits for it is no hindrance either."""
    with fake.Fake(fake.silent) as server, \
            Mail(account=far(f"imap+insecure://localhost:{server.port}")) \
            as mail, mail.terminal() as terminal:
        until(lambda: server.accepted, "it connects")
        command(terminal, "sync far")
        answers(terminal)
        quit_now(terminal)


@contextlib.contextmanager
def small_disk(mail):
    """The data folder on a file system of its own, of six megabytes."""
    if os.geteuid() != 0:
        raise Skip("a small file system needs root")
    data = mail.path("data")
    os.mkdir(data, 0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=700",
                       "tmpfs", data], stderr=subprocess.PIPE,
                      check=False).returncode != 0:
        raise Skip("mount is not allowed here")
    try:
        yield data
    finally:
        subprocess.run(["umount", data], check=False)


def fill(data, leave=0):
    """A file that takes the rest of the space."""
    with contextlib.suppress(OSError), \
            open(os.path.join(data, "filler"), "wb") as file:
        while True:
            space = os.statvfs(data)
            if space.f_bavail * space.f_frsize <= leave:
                break
            file.write(bytes(4096))
            file.flush()


def is_indexed(mail):
    """Asked in the instance that runs."""
    said = subprocess.run([*mail.command().split(), "count", "*"],
                          env={**os.environ, **mail.env()}, check=False,
                          capture_output=True, timeout=60)
    return said.stdout.strip() == b"3"


@test
def trouble_full_disk():
    with Mail() as mail, small_disk(mail) as data, \
            mail.terminal(120) as terminal:
        terminal.wait_text("subject 2")
        until(lambda: is_indexed(mail), "the index follows")
        fill(data)
        command(terminal, "compose --to b@example.org --subject x")
        terminal.wait(lambda rows: any("pace" in row for row in rows))
        os.unlink(os.path.join(data, "filler"))
        quit_now(terminal)


@test
def trouble_no_room_for_an_index():
    """The list needs none; when there is room, it is made."""
    with Mail() as mail, small_disk(mail) as data:
        fill(data, leave=400 << 10)
        with mail.terminal(120) as terminal:
            terminal.wait_text("subject 2")
            terminal.wait(lambda rows: any("pace" in row for row in rows))
            answers(terminal)
            os.unlink(os.path.join(data, "filler"))
            until(lambda: is_indexed(mail), "the index is made")
            quit_now(terminal)


@test
def trouble_unknown_command():
    with Mail() as mail, mail.terminal() as terminal:
        terminal.wait_text("subject 2")
        command(terminal, "serch x")
        terminal.wait_text("did you mean search")
        quit_now(terminal)


@test
def odd_messages_are_rows():
    """What notmuch takes for no mail, and two different messages under one
    Message-ID, are rows that open (P23, P24)."""
    with Mail() as mail:
        mail.deliver("odd", b"this is no header\njust words\n")
        mail.deliver("twin1", mail.message("first twin", "twin", "body one\n"))
        mail.deliver("twin2", mail.message("second twin", "twin", "body 2\n"))
        subprocess.run([*mail.command().split(), "sync"],
                       env={**os.environ, **mail.env()}, check=True,
                       capture_output=True, timeout=120)
        with mail.terminal() as terminal:
            terminal.wait_text("subject 2")
            terminal.type("T")
            screen = terminal.settle()
            text = "\n".join(screen)
            assert "twin" in text, text
            rows = [row for row in screen[1:-1] if row.strip()]
            assert len(rows) >= 5, text
            subjects = subprocess.run(
                [*mail.command().split(), "show", "--raw",
                 "subject:\"second twin\""],
                env={**os.environ, **mail.env()}, capture_output=True,
                timeout=120, check=False)
            assert b"body" in subjects.stdout, subjects


@test
def index_broken_under_a_screen():
    """A query on the screen is answered at once although the index is broken;
    the index is made anew behind it (P22, P35)."""
    with Mail() as mail, mail.terminal() as terminal:
        terminal.wait_text("subject 2")

        def is_answer(row):
            return re.match(r" \d+\b", row) or "anew" in row

        def asked():
            if is_answer(terminal.screen()[-1]):
                terminal.keys("Escape")
                terminal.wait(lambda s: not is_answer(s[-1]))
            terminal.type(":count subject\r")
            return terminal.wait(lambda s: is_answer(s[-1]))[-1].strip()

        until(lambda: asked().startswith("3"), "indexed")
        top = mail.path("data", "posthorn", "index", "xapian")
        for name in os.listdir(top):
            os.truncate(os.path.join(top, name), 100)
        assert "anew" in asked()
        until(lambda: asked().startswith("3"), "made anew")
        assert not terminal.reports(), terminal.reports()


@test
def undo_is_of_the_user():
    """What a hook did behind an act of the user's is not what u takes back."""
    with Mail() as mail:
        with open(mail.path("posthorn.conf"), "a", encoding="utf-8") as file:
            file.write("hook message-moved { tag +kept }\n")
        with mail.terminal() as terminal:
            terminal.wait_text("subject 2")
            terminal.keys("d")
            terminal.wait(lambda rows: "Moved 1 message to" in rows[-1])
            terminal.keys("u")
            screen = terminal.wait(lambda rows: "Undone: " in rows[-1])
            assert "Undone: Moved 1 message" in screen[-1], screen
            terminal.wait(lambda rows: "subject 2" in rows[1]
                          and "kept" in rows[1])


@test
def long_lines_of_a_text_go_on():
    """Below, on a page of text, at every width."""
    with Mail() as mail, mail.terminal(columns=60) as terminal:
        terminal.wait_text("subject 2")
        terminal.type(":help archive\r")
        terminal.wait(lambda rows: "Usage: posthorn archive" in rows[1]
                      and rows[2].strip().endswith("[QUERY]…"))


@test
def undo_is_not_of_a_program_of_a_hook():
    """Nor what a hook does by a program that asks the one that runs."""
    with Mail() as mail:
        kept = mail.script("keep", f"{os.path.abspath(POSTHORN)} -c "
                           f"{mail.path('posthorn.conf')} tag +kept '*'"
                           f" >{mail.path('said')} 2>&1"
                           f" && touch {mail.path('done')}\n")
        with open(mail.path("posthorn.conf"), "a", encoding="utf-8") as file:
            file.write(f"hook message-moved {{ exec {kept} }}\n")
        with mail.terminal() as terminal:
            terminal.wait_text("subject 2")
            terminal.keys("d")
            terminal.wait(lambda rows: "Moved 1 message to" in rows[-1])
            until(lambda: os.path.exists(mail.path("done")),
                  "the program tagged nothing")
            terminal.keys("u")
            screen = terminal.wait(lambda rows: "Undone: " in rows[-1])
            assert "Undone: Moved 1 message" in screen[-1], screen


@test
def a_deletion_is_undone():
    """Of an account without a server too: its only file is there until the
    next act."""
    with Mail() as mail, mail.terminal() as terminal:
        terminal.wait_text("subject 2")
        terminal.type(":delete --force\r")
        terminal.wait(lambda rows: "Deleted 1 message for good." in rows[-1]
                      and "subject 1" in rows[1])
        terminal.settle()
        terminal.keys("u")
        terminal.wait(lambda rows: "Undone: Deleted 1 message" in rows[-1]
                      and "subject 2" in rows[1])
        terminal.type(":delete --force\r")
        terminal.wait(lambda rows: "subject 1" in rows[1])
        terminal.type(":flag\r")
        until(lambda: len(os.listdir(mail.path("mail", "cur"))) == 2,
              "the file is gone")


@test
def events_on_a_screen():
    """folder-opened, message-opened, -tagged, -moved, -arrived, startup and
    shutdown fire on a screen as they do without one."""
    with Mail() as mail:
        names = ("startup", "shutdown", "folder-opened", "message-opened",
                 "message-tagged", "message-moved", "message-arrived",
                 "compose-started")
        # There is a folder to open once the Maildir was read.
        subprocess.run([*mail.command().split(), "sync"],
                       env={**os.environ, **mail.env()}, check=True,
                       capture_output=True, timeout=120)
        with open(mail.path("posthorn.conf"), "a", encoding="utf-8") as file:
            for name in names:
                file.write(f"hook {name} {{ exec {sys.executable} {RECORD} "
                           f"{mail.path('events')} }}\n")
        with mail.terminal() as terminal:
            terminal.wait_text("subject 2")

            def heard(name):
                until(lambda: any(event["event"] == name
                                  for event in mail.told()), name)

            heard("startup")
            heard("folder-opened")
            terminal.keys("Enter")
            heard("message-opened")
            heard("message-tagged")  # read
            terminal.keys("a")
            heard("message-moved")
            mail.deliver("late", mail.message("late one"))
            terminal.type("$")
            heard("message-arrived")
            terminal.type("Q")
            terminal.wait_end()
            heard("shutdown")
            assert not terminal.reports(), terminal.reports()
        for event in mail.told():
            if event["event"].startswith("message-"):
                for name in ("account", "folder", "id", "from", "subject",
                             "file"):
                    assert event["fields"].get(name), (name, event)
            if event["event"] == "folder-opened":
                assert event["fields"]["account"] == "here", event


def main(all_tests):
    wanted = sys.argv[2:]
    tests = [t for t in all_tests if not wanted or t.__name__ in wanted]
    print(f"1..{len(tests)}", flush=True)
    for number, function in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} {function.__name__}", flush=True)
        except Skip as reason:
            print(f"ok {number} {function.__name__} # SKIP {reason}",
                  flush=True)
        except Exception:  # pylint: disable=broad-except
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {number} {function.__name__}", flush=True)


if __name__ == "__main__":
    main(TESTS)
