"""From "send" to the Sent copy, with a server that ends, refuses and delays at
each place; sendmail(8) as others call it."""

import email
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

from harness import NO_DNS, Home, Skip, until
import fake

ACCOUNT = """set undo-send 0s
account work {{
    name      "Ana Test"
    address   ana@x.example
    incoming  maildir://{maildir}
    outgoing  smtp+insecure://127.0.0.1:{port}
}}
"""


BOUND = """set undo-send 0s
account work {{
    address   ana@x.example
    outgoing  smtps://ana@localhost:{port}
    password  secret
    tls-ca-file {ca}
}}
"""


class Sender:
    """A home that sends to one fake server; another port later is fine."""

    def __init__(self, world, name, port):
        folder = world.servers.path("homes", name)
        maildir = os.path.join(folder, "Maildir")
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(maildir, part))
        self.maildir = maildir
        self.home = Home(world.posthorn, folder, "")
        self.listen(port)
        self.body = self.home.path("body.txt")
        self.home.write(self.body, "Hello.\n.\nFrom here on.\n")

    def listen(self, port):
        self.home.write(self.home.config,
                        NO_DNS + ACCOUNT.format(maildir=self.maildir, port=port))

    def compose(self, *more):
        return self.home.run("compose", "--to", "bob@x.example", "--subject",
                             "a matter", "--body", self.body, "--send", *more)

    def outbox(self):
        return json.loads(self.home.ok("outbox", "--json").out)

    def sent(self):
        self.home.ok("sync")  # and index
        rows = json.loads(
            self.home.ok("search", "--json", "folder:work/Sent").out or "[]")
        return [self.home.ok("show", "--raw", f"id:{row['message_id']}").out
                for row in rows]


# A process whose child is measured is small itself: at its beginning the child
# has the memory of its parent.
MEASURE = """import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=2)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)"""


def peak_memory(sender, *more):
    """KB that sending a message with these options takes at most."""
    return peak_memory_of(sender, "compose", "--to", "bob@x.example",
                          "--subject", "a matter", "--body", sender.body,
                          "--send", *more)


def peak_memory_of(sender, *command, stdin=None):
    """KB that a command takes at most; what the sanitizer keeps after it was
    freed does not count."""
    env = dict(sender.home.env)
    env["ASAN_OPTIONS"] = (env.get("ASAN_OPTIONS", "")
                           + ":quarantine_size_mb=0"
                           + ":thread_local_quarantine_size_kb=0")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, sender.home.posthorn, "-c",
         sender.home.config, *command],
        env=env, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300,
        check=False)
    assert done.returncode == 0, done
    return int(done.stdout)


def message_id(data):
    return [line for line in data.split(b"\r\n")
            if line.lower().startswith(b"message-id:")][0]


def sent_once(world):
    """The copy is the bytes that were taken (P80); nothing that names this
    machine, and no Bcc, is in them (P81)."""
    with fake.Smtp() as server:
        sender = Sender(world, "send-once", server.port)
        done = sender.compose("--bcc", "hidden@x.example")
        assert done.status == 0, done
        assert len(server.taken) == 1, server.heard
        envelope, to, data = server.taken[0]
        assert envelope == "ana@x.example"
        assert to == ["bob@x.example", "hidden@x.example"], to
        for word in (b"bcc", b"hidden", b"posthorn", b"user-agent", b"x-mailer",
                     socket.gethostname().encode().lower(),
                     sender.home.dir.encode()):
            assert word not in data.lower(), (word, data)
        assert message_id(data).endswith(b"@x.example>"), data
        assert server.heard[0] == "EHLO [127.0.0.1]", server.heard
        assert sender.outbox() == []
        copies = sender.sent()
        assert len(copies) == 1, copies
        assert copies[0].replace("\r\n", "\n").encode() \
            == data.replace(b"\r\n", b"\n"), (copies[0], data)


def eight_bit(world):
    """Text outside ASCII goes as it is to a server that was heard to offer
    8BITMIME; when it does no more, what is in the outbox is written in 7 bits,
    what sendmail took too, and the copy is what was taken."""
    words = "Всё это по-русски".encode()
    raw = "Subject: raw\n\nGrün, und viel mehr Text.\n".encode()
    sender = None
    for offers, plain in (False, False), (True, False), (True, True), \
            (False, False):
        hello = "250-fake\r\n250 8BITMIME" if offers else "250 fake"
        with fake.Smtp(EHLO=hello) as server:
            sender = sender or Sender(world, "eight-bit", server.port)
            sender.listen(server.port)
            sender.home.write(sender.body, words.decode() + "\n")
            done = sender.compose()
            assert done.status == 0, done
            data = server.taken[0][2]
            assert (words in data) == plain, data
            assert plain == any("BODY=8BITMIME" in line
                                for line in server.heard), server.heard
            copies = [copy.replace("\r\n", "\n").encode()
                      for copy in sender.sent()]
            assert data.replace(b"\r\n", b"\n") in copies, (copies, data)
            done = pipe(sender.home, raw, "sendmail", "bob@x.example")
            assert done.returncode == 0, done
            until(lambda: len(server.taken) == 2 and sender.outbox() == [],
                  60, "it is sent")
            data = server.taken[1][2]
            assert ("Grün".encode() in data) == offers, data
            assert (b"Gr=C3=BCn" in data) != offers, data


def ended_at_each_place(world):
    """Before the final dot nothing was sent: deferred (P10). Behind it, which
    for a small message is as soon as the server begins to read: in doubt,
    shown, and the same bytes once more (P7); never a third time (P8)."""
    for place in ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "body", "."):
        with fake.Smtp(**{place: None}) as server:
            sender = Sender(world, f"end-{place.strip('.') or 'dot'}",
                            server.port)
            done = sender.compose()
            before = getattr(server, "seen", None)
            assert server.taken == []
        entry, = sender.outbox()
        doubt = place in ("body", ".")
        assert entry["state"] == ("in-doubt" if doubt else "deferred"), \
            (place, entry)
        assert entry["next_try"], entry
        assert "perhaps" in done.err.lower() or not doubt, done
        with fake.Smtp() as server:
            sender.listen(server.port)
            sender.home.ok("outbox", "--wait")  # not due yet
            assert server.accepted == 0, place
            sender.home.ok("outbox", "retry", "--all", "--wait")
            sender.home.ok("outbox", "--wait")
            assert len(server.taken) == 1, (place, server.heard)
            if place == ".":
                assert server.taken[0][2] == before
        assert sender.outbox() == []
        assert len(sender.sent()) == 1


def answered_at_each_place(world):
    """4yz is tried again, 5yz is not, each with the server's words (P10, P11);
    250 in one line and 550 in the next is no yes (P9)."""
    cases = [("greeting", "421 4.3.2 busy words", "deferred"),
             ("MAIL", "451 4.7.1 slow words", "deferred"),
             ("RCPT", "450 4.2.1 greylist words", "deferred"),
             ("DATA", "451 4.3.0 disk words", "deferred"),
             (".", "452 4.3.1 room words", "deferred"),
             ("MAIL", "550 5.7.1 never words", "failed"),
             ("RCPT", "550 5.1.1 unknown words", "failed"),
             (".", "554 5.7.1 spam words", "failed"),
             (".", "250-ok\r\n550 two words", "in-doubt")]
    for number, (place, answer, state) in enumerate(cases):
        with fake.Smtp(**{place: answer}) as server:
            sender = Sender(world, f"answer-{number}", server.port)
            done = sender.compose()
            assert server.taken == [] or state == "in-doubt", server.heard
            entry, = sender.outbox()
            assert entry["state"] == state, (place, answer, entry)
            if state != "in-doubt":
                words = " ".join(answer.split()[-2:])
                assert words in entry["reason"], entry
            accepted = server.accepted
            sender.home.run("outbox", "--wait")
            assert server.accepted == accepted, "tried again at once"
            if state == "failed":
                assert done.status == 1 and words in done.err, done
                assert entry["next_try"] is None, entry


def partly_refused(world):
    """Each recipient has a fate of its own (P12)."""
    refuse = {"no@x.example": "550 5.1.1 nobody", "later@x.example":
              "450 4.2.0 later"}
    with fake.Smtp(**refuse) as server:
        sender = Sender(world, "partly", server.port)
        sender.compose("--cc", "no@x.example", "--cc", "later@x.example")
        entry, = sender.outbox()
        states = {one["address"]: one["state"] for one in entry["recipients"]}
        assert states == {"bob@x.example": "sent", "no@x.example": "failed",
                          "later@x.example": "deferred"}, states
        assert len(sender.sent()) == 1
    with fake.Smtp() as server:
        sender.listen(server.port)
        sender.home.run("outbox", "retry", "--all", "--wait")
        (_, to, _), = server.taken
        assert to == ["no@x.example", "later@x.example"], to
    assert sender.outbox() == []
    assert len(sender.sent()) == 1, "a second copy"


def two_processes(world):
    """Two that send at once: one message leaves (P80)."""
    def slow(server, original):
        def say(connection, place, default):
            time.sleep(0.2)
            return original(connection, place, default)
        server._say = say

    with fake.Smtp(greeting="421 not now") as server:
        sender = Sender(world, "two", server.port)
        sender.compose()
    with fake.Smtp() as server:
        slow(server, server._say)
        sender.listen(server.port)
        runs = [threading.Thread(target=sender.home.run,
                                 args=("outbox", "retry", "--all", "--wait"))
                for _ in range(3)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        sender.home.ok("outbox", "--wait")
        assert len(server.taken) == 1, server.heard
    assert sender.outbox() == []


def later(world):
    with fake.Smtp() as server:
        sender = Sender(world, "later", server.port)
        done = sender.compose("--at", "2037-01-01 09:00")
        assert done.status == 0, done
        sender.home.ok("outbox", "--wait")
        entry, = sender.outbox()
        assert entry["state"] == "waiting", entry
        assert server.accepted == 0
        sender.home.ok("outbox", "cancel", entry["id"])
        assert sender.outbox() == []
        drafts = json.loads(sender.home.ok("drafts", "--json").out)
        assert [draft["subject"] for draft in drafts] == ["a matter"], drafts


def pipe(home, text, *args):
    return subprocess.run([home.posthorn, "-c", home.config, *args],
                          input=text, env=home.env, cwd=home.dir,
                          capture_output=True, check=False, timeout=60)


def sendmail(world):
    """As cron, mail(1) and scripts call it; sysexits.h."""
    letter = (b"From: Ana <ana@x.example>\nTo: bob@x.example\n"
              b"Bcc: eve@x.example\nSubject: cron\n\na\n.\nb\n")
    with fake.Smtp() as server:
        sender = Sender(world, "sendmail", server.port)
        home = sender.home
        done = pipe(home, letter, "sendmail", "-oi", "-t", "-f",
                    "bounce@x.example")
        assert done.returncode == 0, done
        end = time.monotonic() + 30
        while not server.taken and time.monotonic() < end:
            time.sleep(0.1)
        (envelope, to, data), = server.taken
        assert envelope == "bounce@x.example"
        assert sorted(to) == ["bob@x.example", "eve@x.example"], to
        assert b"eve" not in data and b"\r\n.\r\nb\r\n" in data, data
        for args, status in ((("-bs",), 64), (("-bd",), 64), (("-i",), 64),
                             (("-t", "--nonsense"), 64)):
            done = pipe(home, b"Subject: x\n\n", "sendmail", *args)
            assert done.returncode == status, (args, done)
            assert done.stderr, args
        assert b"mail server" in pipe(home, b"", "sendmail", "-bs").stderr
        done = pipe(home, letter.replace(b"bob@x", b"Bob Ray bob@x.example, "
                                         b"ray@x"), "sendmail", "-t")
        assert done.returncode and b"Bob Ray bob@x.example" in done.stderr, done
        assert len(server.taken) == 1


def patch_series(world):
    """git send-email: in order, threaded as git wrote them."""
    if not shutil.which("git") or subprocess.run(
            ["git", "send-email", "--dump-aliases"], capture_output=True,
            check=False).returncode:
        raise Skip("no git send-email here")
    with fake.Smtp() as server:
        sender = Sender(world, "patches", server.port)
        home = sender.home
        env = dict(home.env, GIT_AUTHOR_NAME="Ana", GIT_COMMITTER_NAME="Ana",
                   GIT_AUTHOR_EMAIL="ana@x.example",
                   GIT_COMMITTER_EMAIL="ana@x.example")

        def git(*args):
            done = subprocess.run(["git", *args], cwd=home.path("repo"),
                                  env=env, capture_output=True, check=False,
                                  timeout=120)
            assert done.returncode == 0, done

        os.mkdir(home.path("repo"))
        git("init", "-q")
        for number in range(4):
            home.write(home.path("repo", "file"), f"line {number}  \n")
            git("add", "file")
            git("commit", "-qm", f"change {number}")
        git("send-email", "--quiet", "--confirm=never", "--to",
            "list@x.example", "--from", "Ana <ana@x.example>",
            f"--sendmail-cmd={home.posthorn} -c {home.config} sendmail",
            "-3")
        home.run("outbox", "--wait")
        end = time.monotonic() + 30
        while len(server.taken) < 3 and time.monotonic() < end:
            time.sleep(0.1)
        subjects = [line for _, _, data in server.taken
                    for line in data.split(b"\r\n")
                    if line.startswith(b"Subject:")]
        assert [b"%d/3" % n in subject for n, subject
                in zip((1, 2, 3), subjects)] == [True] * 3, subjects
        first = message_id(server.taken[0][2]).split(b" ")[1]
        for _, _, data in server.taken[1:]:
            assert b"In-Reply-To: " + first in data, data
        assert b"line 3  \r\n" in server.taken[2][2], server.taken[2]


BOUNCE = """From: MAILER-DAEMON@x.example
To: ana@x.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <report@x.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It came back.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.x.example
{envelope}
Final-Recipient: rfc822; bob@x.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 nobody of that name

--b
Content-Type: text/rfc822-headers

{enclosed}

--b--
"""


def bounced(world):
    """A report finds the message that was sent, by the envelope's id or by what
    it encloses; a search finds that message, and nothing else, by its fate."""
    for name, by_envelope in (("envelope", True), ("enclosed", False)):
        with fake.Smtp() as server:
            sender = Sender(world, "bounced-" + name, server.port)
            assert sender.compose().status == 0
            sender.home.ok("compose", "--to", "eve@x.example", "--subject",
                           "another", "--body", sender.body, "--send")
            field = message_id(server.taken[0][2]).decode()
            ident = field.split("<")[1].rstrip(">")
        envelope = f"Original-Envelope-Id: {ident}\n" if by_envelope else ""
        sender.home.write(
            os.path.join(sender.maildir, "new", "1.report"),
            BOUNCE.format(envelope=envelope,
                          enclosed="Subject: a matter" if by_envelope
                          else field))
        told = sender.home.ok("sync")
        assert "nobody of that name" in told.err, told
        found = sender.home.search("property:posthorn.delivery=bounced")
        assert set(found) == {"a matter"}, (name, found)
        assert "bounced" in found["a matter"]["tags"], found


def time_limit(world):
    """`deliver-by` and `delivery-report` reach a server that knows them, and
    are left out for one that does not."""
    for words, wanted in (("250-fake\r\n250-DSN\r\n250 DELIVERBY", True),
                          ("250 fake", False)):
        with fake.Smtp(EHLO=words) as server:
            sender = Sender(world, f"by-{wanted}", server.port)
            with open(sender.home.config, "a", encoding="utf-8") as file:
                file.write("set deliver-by 1h\nset delivery-report failure\n")
            assert sender.compose().status == 0
            mail, = [line for line in server.heard if line.startswith("MAIL")]
            rcpt, = [line for line in server.heard if line.startswith("RCPT")]
        assert ("BY=3600;R" in mail) == wanted, mail
        assert ("NOTIFY=FAILURE" in rcpt) == wanted, rcpt


def refused_binding(world):
    """A server that offers to bind the login to TLS and refuses it: what to set
    is said, and nothing weaker is tried by itself (P52)."""
    certificates = world.servers.certificates
    with fake.Smtp(cert=certificates.pair("good"),
                   EHLO="250-fake\r\n250 AUTH SCRAM-SHA-256-PLUS "
                        "SCRAM-SHA-256 PLAIN",
                   AUTH="535 5.7.8 no") as server:
        sender = Sender(world, "binding", server.port)
        sender.home.write(sender.home.config, BOUND.format(
            port=server.port, ca=certificates.ca))
        sender.compose()
        entry, = sender.outbox()
        assert "auth SCRAM-SHA-256" in entry["reason"], entry
        asked = [line for line in server.heard if line.startswith("AUTH")]
        assert len(asked) == 1 and "SCRAM-SHA-256-PLUS" in asked[0], asked


def large_file(world):
    """50 MB go from file to file to the server, and into the Sent folder, with
    less than 10 MB of memory more than a few bytes take."""
    with fake.Smtp() as server:
        sender = Sender(world, "large", server.port)
        large = sender.home.path("large.bin")
        block = bytes(range(256)) * 4096
        with open(large, "wb") as file:
            for _ in range(50):
                file.write(block)
        small = sender.home.path("small.bin")
        with open(small, "wb") as file:
            file.write(block[:1000])
        peak_memory(sender, "--attach", small)  # makes the index
        few = peak_memory(sender, "--attach", small)
        many = peak_memory(sender, "--attach", large)
        assert many - few < 10 << 10, (few, many)
        assert len(server.taken) == 3
        text = email.message_from_bytes(server.taken[2][2])
        assert text.get_payload()[1].get_payload(decode=True) == block * 50
        copies = sender.home.files("work/Sent").values()
        assert sorted(len(copy) > 50 << 20 for copy in copies) \
            == [False, False, True], [len(copy) for copy in copies]


def large_message(world):
    """sendmail takes 50 MB from a pipe with less than 10 MB of memory more than
    a few bytes take; the bytes arrive as they were, and nothing of the pipe is
    left behind."""
    head = (b"From: ana@x.example\nTo: bob@x.example\nBcc: eve@x.example\n"
            b"Subject: large\n\n")
    line = bytes(range(32, 127)) + b"\n"
    with fake.Smtp() as server:
        sender = Sender(world, "large-message", server.port)
        home = sender.home

        def peak(times):
            path = home.path("message")
            with open(path, "wb") as file:
                file.write(head)
                for _ in range(times // 1000):
                    file.write(line * 1000)
            with open(path, "rb") as file:
                return peak_memory_of(sender, "sendmail", "-t", "--",
                                      stdin=file)

        def arrived(count):
            home.run("outbox", "--wait")
            until(lambda: len(server.taken) == count, 60, "it arrives")
            return server.taken[-1]

        peak(1000)  # makes the index
        arrived(1)
        few = peak(1000)
        arrived(2)
        many = peak((50 << 20) // len(line) // 1000 * 1000)
        _, to, data = arrived(3)
        assert many - few < 10 << 10, (few, many)
        assert sorted(to) == ["bob@x.example", "eve@x.example"], to
        body = data.partition(b"\r\n\r\n")[2]
        assert body == line.replace(b"\n", b"\r\n") * (
            (50 << 20) // len(line) // 1000 * 1000)
        left = os.listdir(home.path("data/posthorn/outbox"))
        assert not [name for name in left if "taking" in name], left


def mailto(world):
    """A link makes a draft and nothing more (P63)."""
    with fake.Smtp() as server:
        sender = Sender(world, "mailto", server.port)
        done = sender.home.ok("mailto:bob@x.example?subject=hi%0D%0ABcc:%20e@x"
                              "&body=text&attach=/etc/passwd")
        with open(done.out.strip(), encoding="utf-8") as file:
            text = file.read()
        assert "To: bob@x.example\n" in text and "\ntext" in text, text
        assert "Bcc: \n" in text and "passwd" not in text, text
        assert "attach" in done.err, done
        assert server.accepted == 0


def all_tests(tap, world):
    for test in (sent_once, eight_bit, ended_at_each_place,
                 answered_at_each_place, partly_refused, two_processes, later,
                 sendmail, patch_series,
                 bounced, time_limit, refused_binding, large_file, large_message,
                 mailto):
        tap.run("sending: " + test.__name__.replace("_", " "), test, world)
