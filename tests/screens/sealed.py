#!/usr/bin/env python3
"""Signed and encrypted messages on a real terminal, with real keyrings and
gpg-agent's pinentry. Prints TAP. Usage: sealed.py POSTHORN [--write] [NAME…]"""

import contextlib
import os
import re
import shutil
import subprocess
import sys

sys.argv, WRITE = [a for a in sys.argv if a != "--write"], sys.argv
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from alive import POSTHORN, Mail, Skip, command, main  # noqa: E402
from images import OWN, Server  # noqa: E402
import program  # noqa: E402

program.WRITE = "--write" in WRITE
SECRET = "The treasure lies under the oak."
KEYRINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                        "keyrings.sh")
TESTS = []

BEN = """set dns off
set undo-send 0s
set crypto-any-key on
account ben {{
    name      "Ben Okafor"
    address   ben@example.org
    outgoing  sendmail://{script}
}}
"""
ANA = """account here {{
    name      "Ana Novak"
    address   ana@example.org
    incoming  maildir://{maildir}
    outgoing  sendmail://{script}
}}
"""


def test(function):
    TESTS.append(function)
    return function


class Sealed(Mail):
    """Ana's mail, her keyrings, and Ben who writes to her. What leaves lies in
    `sent`."""

    def __init__(self, ring="ana", more=""):
        if not all(map(shutil.which, ("gpg", "gpgsm", "pinentry-curses"))):
            raise Skip("gpg, gpgsm or pinentry-curses is not installed")
        self.ring = ring
        super().__init__()
        self.sent = self.path("sent")
        script = self.script("take", f"cat > {self.sent}\n")
        self.write("posthorn.conf", "set dns off\nset undo-send 0s\n"
                   + ANA.format(maildir=self.path("mail"), script=script)
                   + more)
        self.write("ben.conf", BEN.format(script=script))
        subprocess.run(["sh", KEYRINGS, self.path("k")], check=True,
                       capture_output=True, timeout=120)

    def env(self, **more):
        return super().env(GNUPGHOME=self.path("k", self.ring), **more)

    def from_ben(self, name, *flags, change=None):
        """Ben's posthorn makes the message; it arrives at a fixed time."""
        body = self.write("body", SECRET + "\n")
        env = dict(os.environ, **super().env(
            GNUPGHOME=self.path("k", "ben"), HOME=self.path()))
        for part in ("CONFIG", "DATA", "CACHE"):
            env[f"XDG_{part}_HOME"] = self.path("ben", part)
        done = subprocess.run(
            [POSTHORN, "-c", self.path("ben.conf"), "compose", "--to",
             "ana@example.org", "--subject", name, "--body", body, "--send",
             *flags], env=env, check=False, capture_output=True, timeout=120)
        assert done.returncode == 0, done
        with open(self.sent, "rb") as file:
            data = file.read()
        os.remove(self.sent)
        lines = data.replace(b"\r\n", b"\n").split(b"\n")
        lines = [b"Date: Mon, 23 Nov 2026 05:14:00 +0000"
                 if line.startswith(b"Date: ") and number < 9 else line
                 for number, line in enumerate(lines)]
        data = b"\n".join(lines)
        self.deliver(name, change(data) if change else data)

    def close(self):
        subprocess.run(["sh", KEYRINGS, self.path("k"), "stop"], check=False,
                       capture_output=True, timeout=60)
        super().close()


@contextlib.contextmanager
def opened(mail, subject):
    """The message on the screen."""
    with mail.terminal() as terminal:
        terminal.wait_text(subject)
        terminal.settle()
        terminal.keys("Enter")
        terminal.wait_text("to me")
        yield terminal


@test
def golden_sealed():
    """What the line under the headers says; the subject is the inner one."""
    def spoil(data):
        return data.replace(b"the oak", b"my bed")
    for name, flags, change, text in (
            ("encrypted", ("--sign", "--encrypt"), None, "signed by Ben"),
            ("smime", ("--sign", "--encrypt", "--smime"), None,
             "signed by ben"),
            ("bad", ("--sign",), spoil, "bad signature")):
        with Sealed() as mail:
            mail.from_ben(name, *flags, change=change)
            shown = name if name == "bad" else "[...]"
            with opened(mail, shown) as terminal:
                terminal.wait_text(text)
                program.golden(f"sealed-80-{name}", terminal.settle())
                terminal.keys("q")
                terminal.wait_text(shown)


@test
def unknown_key():
    with Sealed(ring="carl") as mail:
        mail.from_ben("matter", "--sign")
        with opened(mail, "matter") as terminal:
            terminal.wait_text("signed with an unknown key")
            terminal.wait_text(SECRET)


@test
def more_than_are_kept():
    """A page of more messages than are kept in memory knows of each what gpg
    said, and asks for none twice."""
    number = 22  # CRYPTO_KEPT and two
    with Sealed() as mail:
        mail.from_ben("matter", "--sign")
        path = mail.path("mail", "cur", "matter:2,")
        with open(path, "rb") as file:
            first = file.read()
        for more in range(1, number):
            mail.deliver(f"more{more}", re.sub(
                rb"(?im)^Message-ID: *(<.*>)", rb"Message-ID: <more%d@x>\n"
                rb"In-Reply-To: \1" % more, first, count=1))
        with mail.terminal(80, 12 * number) as terminal:
            terminal.wait_text("matter")
            terminal.settle()
            terminal.keys("Enter")

            def all_known(screen):
                return number == sum("OpenPGP: signed by Ben" in row
                                     for row in screen)
            terminal.wait(all_known)
            terminal.type("F")
            terminal.settle()
            assert all_known(terminal.screen()), terminal.screen()


def encrypted(mail, entity):
    """For Ana, as an entity."""
    done = subprocess.run(
        ["gpg", "--batch", "--trust-model", "always", "--armor", "--encrypt",
         "-r", "<ana@example.org>"], input=entity, check=True,
        capture_output=True, timeout=120,
        env=dict(os.environ, GNUPGHOME=mail.path("k", "ben")))
    return (b"Content-Type: multipart/encrypted; boundary=e;\n"
            b" protocol=\"application/pgp-encrypted\"\n\n--e\n"
            b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n--e\n"
            b"Content-Type: application/octet-stream\n\n" + done.stdout
            + b"\n--e--\n")


@test
def images_of_what_was_encrypted():
    """What was decrypted has no remote images, and no key for them is named;
    neither with a signature beside the encrypted part (P61)."""
    for beside in (False, True):
        with Sealed(more=OWN) as mail, Server() as server:
            entity = encrypted(
                mail, b"Content-Type: text/html\n\nthe words"
                b"<img src=%s/1>\n" % server.url.encode())
            if beside:
                entity = (b"Content-Type: multipart/signed; boundary=s;\n"
                          b" protocol=\"application/x\"\n\n--s\n" + entity
                          + b"\n--s\nContent-Type: application/x\n\nx\n"
                          b"--s--\n")
            mail.deliver("matter", Mail.message("matter").replace(
                b"\n\nhello\n", b"\nMIME-Version: 1.0\n" + entity
            ).replace(b"05:13", b"05:14"))
            with opened(mail, "matter") as terminal:
                terminal.wait_text("the words")
                terminal.wait(lambda s: any(
                    row.strip() == "1 remote image not loaded" for row in s))
                terminal.type("i")
                terminal.wait_text("of an encrypted message are not loaded")
                terminal.settle()
                assert not server.asked, server.asked


@test
def not_looked_into():
    """Neither the preview nor, with `decrypt ask`, the page decrypts; a key
    does (P67)."""
    with Sealed(more="set decrypt ask\n") as mail:
        mail.from_ben("matter", "--sign", "--encrypt")
        with mail.terminal(120, 40) as terminal:
            terminal.wait_text("[...]")
            terminal.settle()
            terminal.keys("p")
            terminal.wait_text("OpenPGP: encrypted")
            assert not any(SECRET in row for row in terminal.settle())
            terminal.keys("p", "Enter")
            terminal.wait_text("zd opens it")
            assert not any(SECRET in row for row in terminal.settle())
            terminal.type("zd")
            terminal.wait_text(SECRET)
            terminal.wait_text("signed by Ben Okafor")
            terminal.type("zr")
            terminal.wait_text("BEGIN PGP MESSAGE")
            terminal.type("zr")
            terminal.wait_text(SECRET)


def unlock(terminal):
    """In pinentry."""
    terminal.wait_text("Please enter the passphrase")
    terminal.settle()
    terminal.type("sesame")
    terminal.keys("Enter")


@test
def passphrase_to_read():
    """The terminal is lent to pinentry, and comes back."""
    with Sealed(ring="locked") as mail:
        subprocess.run(
            ["gpg", "--batch", "--quiet", "--import",
             mail.path("k", "ben.key")], check=True, capture_output=True,
            env=dict(os.environ, GNUPGHOME=mail.path("k", "locked")))
        lock_for(mail)
        mail.from_ben("matter", "--encrypt")
        with opened(mail, "[...]") as terminal:
            terminal.wait_text("zd asks for it")
            assert not any("Please enter" in row for row in terminal.settle())
            terminal.type("zd")
            unlock(terminal)
            terminal.wait_text(SECRET)
            terminal.keys("q")
            terminal.wait_text("[...]")


@test
def passphrase_not_given_again():
    """The agent forgot it, and pinentry is left: what is open stays so."""
    with Sealed(ring="locked") as mail:
        lock_for(mail)
        mail.from_ben("matter", "--encrypt")
        with opened(mail, "[...]") as terminal:
            terminal.wait_text("zd asks for it")
            terminal.type("zd")
            unlock(terminal)
            terminal.wait_text(SECRET)
            subprocess.run(
                ["gpg-connect-agent", "reloadagent", "/bye"], check=True,
                capture_output=True,
                env=dict(os.environ, GNUPGHOME=mail.path("k", "locked")))
            terminal.type("zd")
            terminal.wait_text("Please enter the passphrase")
            terminal.settle()
            terminal.keys("Escape")
            terminal.wait_text(SECRET)
            terminal.keys("q")
            terminal.wait_text("[...]")
            terminal.type("Q")
            terminal.wait_end()
            assert not terminal.reports(), terminal.reports()


def lock_for(mail):
    """Ben knows the locked key as Ana's, and no other."""
    env = dict(os.environ)
    key = subprocess.run(
        ["gpg", "--batch", "--export", "ana@example.org"], check=True,
        capture_output=True,
        env=dict(env, GNUPGHOME=mail.path("k", "locked"))).stdout
    env["GNUPGHOME"] = mail.path("k", "ben")
    subprocess.run(["gpg", "--batch", "--yes", "--delete-keys",
                    "<ana@example.org>"], check=True, capture_output=True,
                   env=env)
    subprocess.run(["gpg", "--batch", "--import"], input=key, check=True,
                   capture_output=True, env=env)


@test
def passphrase_to_send():
    """`y` asks for it, and then the message leaves; who does not answer keeps
    the draft, on the review page."""
    with Sealed(ring="locked") as mail:
        with mail.terminal() as terminal:
            terminal.wait_text("subject 2")
            terminal.settle()
            command(terminal, "compose --to ben@example.org --subject matter")
            terminal.wait_text("not sent yet")
            terminal.keys("S")
            terminal.wait_text("sign (OpenPGP)")
            terminal.keys("y")
            terminal.wait_text("Please enter the passphrase")
            terminal.settle()
            terminal.keys("Escape")  # cancel
            terminal.wait_text("not sent yet")
            terminal.wait_text("is needed")
            assert not os.path.exists(mail.sent)
            terminal.keys("y")
            unlock(terminal)
            terminal.wait_text("Sent to ben@example.org")
        with open(mail.sent, "rb") as file:
            assert b"multipart/signed" in file.read()


@test
def nobody_has_a_key():
    """Said on the review page, and the draft is still there."""
    with Sealed() as mail:
        with mail.terminal() as terminal:
            terminal.wait_text("subject 2")
            terminal.settle()
            command(terminal, "compose --to dora@example.org --subject matter")
            terminal.wait_text("not sent yet")
            terminal.keys("E")
            terminal.wait_text("encrypt (OpenPGP)")
            terminal.keys("y")
            terminal.wait_text("no OpenPGP key for dora@example.org")
            assert not os.path.exists(mail.sent)
            terminal.keys("C")
            terminal.wait_text("encrypt (S/MIME)")


def whole(screen):
    """What stands there, however it is broken into rows."""
    return " ".join(" ".join(screen).split())


@test
def keys_are_missed_beforehand():
    """The review page names whose keys are missing, before anything is sent, and
    nothing that says what to do next is cut."""
    long = "dora.with-a-very-long-name.of-a-department@mail.example.org"
    with Sealed() as mail:
        with mail.terminal() as terminal:
            terminal.wait_text("subject 2")
            terminal.settle()
            command(terminal, "compose --to ben@example.org "
                    f"--cc {long},emil@example.org --subject matter")
            terminal.wait_text("not sent yet")
            terminal.keys("E")
            terminal.wait(lambda s: "! There is no OpenPGP key of "
                          f"{long}, emil@example.org: import it, or E sends "
                          "it in the clear" in whole(s))
            terminal.keys("y")
            terminal.wait(lambda s: f"key for {long}, emil@example.org: import "
                          "it, or do not encrypt" in whole(s[-3:]))
            assert not os.path.exists(mail.sent)
            terminal.keys("E")
            terminal.wait(lambda s: "OpenPGP" not in whole(s))
            command(terminal, "draft-set cc ''")
            terminal.wait(lambda s: long not in whole(s))
            terminal.keys("E")
            terminal.wait_text("encrypt (OpenPGP)")
            assert "There is no OpenPGP" not in whole(terminal.settle())
            command(terminal, "draft-set to carl@example.org")
            terminal.wait(lambda s: "! The OpenPGP key of carl@example.org is "
                          "not certified by you: certify it with gpg, or E "
                          "sends it in the clear" in whole(s))
    with Sealed(ring="carl") as mail:  # who is not Ana
        with mail.terminal() as terminal:
            terminal.wait_text("subject 2")
            terminal.settle()
            command(terminal, "compose --to carl@example.org --subject matter")
            terminal.wait_text("not sent yet")
            terminal.keys("S")
            terminal.wait(lambda s: "! There is no OpenPGP key of "
                          "ana@example.org to sign with: import it, or S "
                          "leaves it unsigned" in whole(s))
            terminal.keys("y")
            terminal.wait(lambda s: whole(s[-4:]).endswith(
                "import it, or do not sign"))
            terminal.keys("S")
            terminal.keys("E")
            terminal.wait(lambda s: "no OpenPGP key of ana@example.org: import"
                          in whole(s))
            terminal.keys("p")
            terminal.wait(lambda s: "the draft is on this machine only, "
                          ":edit-draft goes on with it" in whole(s[-4:]))
            command(terminal, "edit-draft")
            terminal.wait(lambda s: "not sent yet" in s[0]
                          and any(" matter" in row for row in s[:6]))


if __name__ == "__main__":
    main(TESTS)
