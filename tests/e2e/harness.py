"""What the end-to-end tests are made of: a home in which the real program
runs, the other side seen by imaplib, and TAP."""

import contextlib
import email
import fcntl
import imaplib
import json
import os
import pty
import select
import re
import signal
import ssl
import struct
import subprocess
import sys
import termios
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "servers"))
sys.path.append(os.path.join(os.path.dirname(HERE), "screens"))

import servers as real  # noqa: E402

# No test depends on the network: senders are checked by the DNS of a test of
# its own, or not at all.
NO_DNS = "set dns off\n"
ACCOUNT = """account {name} {{
    name         "{person}"
    address      {name}@{domain}
    incoming     "{incoming}"
    outgoing     "smtp://localhost:{smtp}"
    password     "{password}"
    tls-ca-file  {ca}
{auth}}}
"""


class Skip(Exception):
    """Raised by a test that cannot run here; the text says why."""


class Result:
    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err = status, out, err
        self.seconds = seconds

    def __str__(self):
        return (f"status {self.status} after {self.seconds:.1f} s\n"
                f"stdout: {self.out[-1500:]}\nstderr: {self.err[-1500:]}")


class Home:
    """A user's home, with nothing in it but a configuration."""

    def __init__(self, posthorn, folder, config):
        self.posthorn, self.dir = posthorn, folder
        os.makedirs(folder, exist_ok=True)
        self.config = self.path("posthorn.conf")
        self.write(self.config, NO_DNS + config)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8",
            "XDG_CONFIG_HOME": self.path("config"),
            "XDG_DATA_HOME": self.path("data"),
            "XDG_CACHE_HOME": self.path("cache"),
            "XDG_RUNTIME_DIR": self.path("run"),
        }
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                self.env[name] = value
        os.makedirs(self.path("run"), mode=0o700, exist_ok=True)
        self.mail = self.path("data", "posthorn", "mail")

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    @staticmethod
    def write(path, text, mode=0o600):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def start(self, *args, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(
            [self.posthorn, "-c", self.config] + list(args), env=self.env,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.dir,
            **more)

    def peak(self, *args, status=0):
        """The most memory that a command takes, in bytes; None: however it
        ends."""
        process = self.start(*args)
        most = 0
        while process.poll() is None:
            with contextlib.suppress(OSError), \
                    open(f"/proc/{process.pid}/status",
                         encoding="ascii") as file:
                found = re.search(r"VmHWM:\s*(\d+) kB", file.read())
                most = max(most, int(found.group(1)) if found else 0)
            time.sleep(0.01)
        err = process.communicate()[1]
        assert status is None or process.returncode == status, err
        assert b"Sanitizer" not in err, err
        return most * 1024

    def run(self, *args, timeout=90):
        begin = time.monotonic()
        process = self.start(*args)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{args} did not end in {timeout} s: "
                                 f"{err.decode()[-1500:]}") from None
        return Result(process.returncode, out.decode(), err.decode(),
                      time.monotonic() - begin)

    def ok(self, *args, timeout=90):
        """Runs a command that must succeed."""
        result = self.run(*args, timeout=timeout)
        assert result.status == 0, f"posthorn {' '.join(args)}: {result}"
        return result

    def search(self, query):
        """Rows that the query finds, by subject."""
        rows = json.loads(self.ok("search", "--json", query).out or "[]")
        return {row["subject"]: row for row in rows}

    def files(self, folder):
        """Whole messages of a Maildir: name -> bytes."""
        found = {}
        for part in ("cur", "new"):
            top = os.path.join(self.mail, folder, part)
            for name in os.listdir(top) if os.path.isdir(top) else []:
                with open(os.path.join(top, name), "rb") as file:
                    found[name] = file.read()
        return found


class Mailbox:
    """The server's side, seen by another program than ours."""

    def __init__(self, servers, user):
        context = ssl.create_default_context(cafile=servers.certificates.ca)
        self.imap = imaplib.IMAP4_SSL("localhost", servers.imaps,
                                      ssl_context=context)
        self.imap.login(user, real.PASSWORD)

    def append(self, data, folder="INBOX", flags=""):
        status, answer = self.imap.append(folder, flags, None, data)
        assert status == "OK", answer

    def messages(self, folder="INBOX"):
        """Subject -> (UID, set of flags, bytes)."""
        self.imap.select(f'"{folder}"', readonly=True)
        status, answer = self.imap.uid("FETCH", "1:*",
                                       "(UID FLAGS BODY.PEEK[])")
        found = {}
        for item in answer if status == "OK" else []:
            if not isinstance(item, tuple):
                continue
            words = item[0].decode()
            flags = {flag.decode() for flag in imaplib.ParseFlags(item[0])}
            flags.discard("\\Recent")  # gone once somebody looked
            uid = words.split("UID ")[1].split()[0]
            subject = str(email.message_from_bytes(item[1])["Subject"])
            assert subject not in found, f"{subject} twice in {folder}"
            found[subject] = (uid, flags, item[1])
        return found

    def uid(self, folder, subject, *command):
        uid = self.messages(folder)[subject][0]
        self.imap.select(f'"{folder}"')
        status, answer = self.imap.uid(command[0], uid, *command[1:])
        assert status == "OK", answer

    def close(self):
        with contextlib.suppress(Exception):
            self.imap.logout()


def message(subject, sender="ben@example.org", to="ana@example.org",
            body="hello\r\n", extra=""):
    """A message's bytes; the subject makes its Message-ID."""
    return (f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n"
            f"Date: Mon, 23 Nov 2026 05:13:00 +0000\r\n"
            f"Message-ID: <{subject.replace(' ', '.')}@test.example>\r\n"
            f"{extra}\r\n{body}").encode()


def lines_equal(ours, theirs):
    """The same bytes, whatever the line ends."""
    return ours.replace(b"\r\n", b"\n") == theirs.replace(b"\r\n", b"\n")


def until(check, seconds, what):
    """Waits until check() is true; returns what it was."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def end_process(process, number=signal.SIGTERM, seconds=5):
    """Ends what start() started; returns how long that took."""
    begin = time.monotonic()
    process.send_signal(number)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise AssertionError(f"still there {seconds} s after signal "
                             f"{number}") from None
    return time.monotonic() - begin


def on_screen(home, wanted, after=None, keys=b""):
    """All that the program writes to a terminal until it wrote this; after: what
    it has to write before keys are typed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    home.env["TERM"] = "xterm-256color"
    process = subprocess.Popen([home.posthorn, "-c", home.config],
                               env=home.env, stdin=theirs, stdout=theirs,
                               stderr=theirs, start_new_session=True)
    os.close(theirs)
    written, end = b"", time.monotonic() + 60
    try:
        while wanted not in written and time.monotonic() < end:
            if select.select([ours], [], [], 1)[0]:
                written += os.read(ours, 65536)
            if after and after in written:
                os.write(ours, keys)
                after = None
        assert wanted in written, written[-3000:]
    finally:
        process.terminate()
        while process.poll() is None and time.monotonic() < end + 10:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    written += os.read(ours, 65536)
                except OSError:
                    break
        process.wait(10)
        os.close(ours)
    return written


class Tap:
    """Runs functions as tests, one line each."""

    def __init__(self):
        self.number = self.failed = 0

    def run(self, name, function, *args):
        self.number += 1
        try:
            function(*args)
            print(f"ok {self.number} {name}", flush=True)
        except Skip as reason:
            print(f"ok {self.number} {name} # SKIP {reason}", flush=True)
        except Exception:  # a test may fail in any way
            self.failed += 1
            print(f"not ok {self.number} {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            sys.stdout.flush()

    def skip(self, name, reason):
        self.number += 1
        print(f"ok {self.number} {name} # SKIP {reason}", flush=True)

    def done(self):
        print(f"1..{self.number}")
        return 1 if self.failed else 0
