"""OpenPGP and S/MIME across real servers: what leaves one user encrypted is read
by the other, by posthorn and by gpg itself, and by nobody in between."""

import json
import os
import re
import shutil
import subprocess
import time

from harness import Skip, until

KEYRINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                        "keyrings.sh")
SECRET = "The treasure lies under the oak."


class Rings:
    """Keyrings of GnuPG, made once; the agents end with the tests."""

    def __init__(self, world):
        if not all(map(shutil.which, ("gpg", "gpgsm"))):
            raise Skip("gpg or gpgsm is not installed")
        if world.servers.smtp is None:
            raise Skip("Postfix needs root")
        self.dir = subprocess.run(
            ["mktemp", "-d"], capture_output=True, text=True,
            check=True).stdout.strip()
        self.script()

    def script(self, *more):
        subprocess.run(["sh", KEYRINGS, self.dir, *more], check=True,
                       capture_output=True, timeout=120)

    def path(self, name):
        return os.path.join(self.dir, name)

    def run(self, who, *argv, data=b""):
        return subprocess.run(
            argv, input=data, capture_output=True, timeout=60, check=False,
            env=dict(os.environ, GNUPGHOME=self.path(who), LC_ALL="C.UTF-8"))

    def close(self):
        self.script("stop")
        shutil.rmtree(self.dir, ignore_errors=True)


def home_of(world, rings, user, ring=None, more=""):
    name = f"sealed-{user}-{ring or user}"
    home = world.homes.get(name)
    if home is None:
        home = world.home(name, [user], more=more)
        home.env["GNUPGHOME"] = rings.path(ring or user)
        home.write(home.path("body"), SECRET + "\n")
        home.ok("sync")
    return home


def compose(home, *more):
    return home.run("compose", "--body", home.path("body"), "--send", *more)


def in_mailbox(world, user, folder, needle):
    """The newest message there that has these bytes; None: none."""
    imap = world.mailbox(user).imap
    imap.select(f'"{folder}"', readonly=True)
    status, answer = imap.uid("FETCH", "1:*", "(BODY.PEEK[])")
    found = [item[1] for item in answer
             if isinstance(item, tuple) and needle in item[1]]
    return found[-1] if status == "OK" and found else None


def arrived(home, subject_of):
    """What the newest message in the inbox says, once it is the wanted one."""
    def look():
        home.ok("sync")
        rows = json.loads(home.ok("search", "--json", "is:unread").out or "[]")
        for row in rows:
            shown = json.loads(
                home.ok("show", "--json", f"id:{row['message_id']}").out)
            subject = next(h["value"] for h in shown["headers"]
                           if h["name"] == "Subject")
            if subject == subject_of:
                return shown
        return None
    return until(look, 60, f"{subject_of} arrives")


def across(world, rings):
    """Signed and encrypted from Ana to Ben; Ben's key is nobody's business when
    he gets it blind (P69), and the server sees neither subject nor text."""
    ana, ben = (home_of(world, rings, name) for name in ("ana", "ben"))
    done = compose(ana, "--to", "ben@example.org", "--subject", "oak across",
                   "--sign", "--encrypt")
    assert done.status == 0, done
    until(lambda: in_mailbox(world, "ben", "INBOX", b"BEGIN PGP MESSAGE"),
          60, "Ben has it")
    data = in_mailbox(world, "ben", "INBOX", b"BEGIN PGP MESSAGE")
    for word in (b"treasure", b"oak across"):
        assert word not in data, data
    said = rings.run("ben", "gpg", "--batch", "--decrypt", data=data)
    assert SECRET.encode() in said.stdout, said
    assert b"Subject: oak across" in said.stdout, said
    assert b'Good signature from "Ana Novak' in said.stderr, said
    shown = arrived(ben, "oak across")
    assert shown["crypto"]["encrypted"] and shown["crypto"]["opened"], shown
    assert shown["crypto"]["signature"] == "unknown", shown["crypto"]
    assert SECRET in shown["text"], shown
    number = re.search(rb"(?im)^Message-ID:\s*(<[^>]+>)", data).group(1)
    copy = until(lambda: ana.ok("sync")
                 and in_mailbox(world, "ana", "Sent", number), 60,
                 "Ana's copy is there")
    assert b"BEGIN PGP MESSAGE" in copy, copy
    assert b"treasure" not in copy, copy
    assert SECRET in ana.ok("show", "folder:ana/Sent").out


def smime_across(world, rings):
    ana, ben = (home_of(world, rings, name) for name in ("ana", "ben"))
    done = compose(ana, "--to", "ben@example.org", "--subject", "oak smime",
                   "--sign", "--encrypt", "--smime")
    assert done.status == 0, done
    until(lambda: in_mailbox(world, "ben", "INBOX", b"enveloped-data"),
          60, "Ben has it")
    shown = arrived(ben, "oak smime")
    assert shown["crypto"]["protocol"] == "S/MIME", shown["crypto"]
    assert shown["crypto"]["signature"] == "good", shown["crypto"]
    assert SECRET in shown["text"], shown


def signed_across(world, rings):
    """A signature survives Postfix and Dovecot."""
    ana, ben = (home_of(world, rings, name) for name in ("ana", "ben"))
    ana.write(ana.path("open"), "From here on \näußerst open.  \n.\n-- \nAna\n")
    ana.ok("compose", "--to", "ben@example.org", "--subject", "oak signed",
           "--body", ana.path("open"), "--sign", "--send")
    shown = arrived(ben, "oak signed")
    assert not shown["crypto"]["encrypted"], shown["crypto"]
    assert shown["crypto"]["signature"] == "unknown", shown["crypto"]
    assert [part["type"] for part in shown["parts"]] == ["text/plain"], shown


def blind(world, rings):
    ana = home_of(world, rings, "ana")
    done = compose(ana, "--to", "ana@example.org", "--bcc", "ben@example.org",
                   "--subject", "oak blind", "--encrypt")
    assert done.status == 0, done
    shown = arrived(home_of(world, rings, "ben"), "oak blind")
    assert SECRET in shown["text"], shown
    data = in_mailbox(world, "ana", "INBOX", b"BEGIN PGP MESSAGE")
    said = rings.run("carl", "gpg", "--batch", "--list-packets", data=data)
    ids = re.findall(rb"keyid ([0-9A-F]{16})", said.stdout)
    assert ids == [b"0" * 16] * 2, said
    assert b"ben@" not in data.lower(), data


def no_key(world, rings):
    """Nothing is queued, and the line says for whom there is no key."""
    ana = home_of(world, rings, "ana")
    done = compose(ana, "--to", "ben@example.org", "--to", "dora@example.org",
                   "--subject", "oak", "--encrypt")
    assert done.status != 0, done
    assert "no OpenPGP key for dora@example.org" in done.err, done
    assert json.loads(ana.ok("outbox", "--json").out or "[]") == []
    draft = json.loads(ana.ok("drafts", "--json").out)[0]
    assert draft["crypto"] == "encrypt (OpenPGP)", draft
    ana.ok("draft-discard", "--draft", draft["path"])


def no_agent(world, rings):
    """A passphrase that nobody can be asked for: a line, at once."""
    home = home_of(world, rings, "ana", ring="locked")
    begin = time.monotonic()
    done = compose(home, "--to", "ben@example.org", "--subject", "oak",
                   "--sign")
    assert done.status == 1, done
    assert "passphrase" in done.err, done
    assert done.err.count("\n") == 1, done
    assert time.monotonic() - begin < 45, done


def draft_there(world, rings):
    """The server has a draft encrypted for its writer alone; another machine
    goes on with it (P67)."""
    ana = home_of(world, rings, "ana")
    path = ana.ok("compose", "--to", "dora@example.org", "--bcc",
                  "emil@example.org", "--subject", "oak draft", "--body",
                  ana.path("body"), "--encrypt").out.strip()
    ana.ok("sync")
    data = in_mailbox(world, "ana", "Drafts", b"BEGIN PGP MESSAGE")
    assert data, "the draft is on the server"
    for word in (b"treasure", b"oak", b"dora", b"emil"):
        assert word not in data, data
    other = world.home("sealed-other", ["ana"])
    other.env["GNUPGHOME"] = rings.path("ana")
    other.ok("sync")
    there = other.ok("edit-as-new", "folder:ana/Drafts").out.strip()
    with open(there, encoding="utf-8") as file:
        text = file.read()
    for line in ("To: dora@example.org", "Bcc: emil@example.org",
                 "Subject: oak draft", SECRET):
        assert line in text, text
    ana.ok("draft-discard", "--draft", path)


def by_no_hook(world, rings):
    """A hook sees that a message is encrypted, and nothing of it (P67)."""
    hook = 'hook message-arrived { show "id:$message_id" }\n'
    home = home_of(world, rings, "kim", ring="ana", more=hook)
    assert SECRET not in home.ok("sync").out
    ben = home_of(world, rings, "ben")
    ben.write(ben.path("open"), "Open ground.\n")
    ben.ok("compose", "--to", "kim@example.org", "--subject", "oak hooked",
           "--body", ben.path("open"), "--send")
    out = []
    until(lambda: out.append(home.run("sync").out)
          or "Open ground." in out[-1], 60, "the hook shows what is open")
    world.mailbox("kim").append(
        in_mailbox(world, "ben", "INBOX", b"BEGIN PGP MESSAGE"))
    out.clear()
    until(lambda: out.append(home.run("sync").out)
          or "encrypted, not opened" in out[-1], 60, "the hook shows the other")
    assert not any(SECRET in one for one in out), out


def nowhere(world, rings):
    """What was read is in no file and in no index (P67)."""
    ben = home_of(world, rings, "ben")
    ben.ok("sync")
    assert ben.ok("count", "äußerst").out.strip() == "1"
    assert ben.ok("count", "treasure").out.strip() == "0"
    assert ben.ok("count", "subject:across").out.strip() == "0"
    for top, _, names in os.walk(ben.path("data")):
        for name in names:
            with open(os.path.join(top, name), "rb") as file:
                assert b"treasure" not in file.read(), (top, name)


def all_tests(tap, world):
    try:
        rings = Rings(world)
    except Skip as reason:
        tap.skip("sealed", str(reason))
        return
    try:
        for function in (across, smime_across, signed_across, blind, no_key,
                         no_agent, draft_there, by_no_hook, nowhere):
            tap.run(f"sealed: {function.__name__}", function, world, rings)
    finally:
        rings.close()
