"""Mail there and back between two users of a real server: what is done here
appears there, and the other way round."""

import os
import time

from harness import (Home, Mailbox, Skip, end_process, lines_equal, message,
                     until)


def prepare(world):
    ana = world.mailbox("ana")
    for number in range(1, 13):
        ana.append(message(f"m{number}", body=f"body of {number}\r\n" * 3))
    ana.append(message("seen before"), flags="(\\Seen \\Flagged)")
    ana.append(message("Grüße".encode("unicode_escape").decode(),
                       extra="X-Odd: \t folded\r\n  value\r\n",
                       body="a\r\n.\r\nFrom b\r\n\r\n"))
    world.mailbox("ben").append(message("for ben", to="ben@example.org"))


def two_accounts(world):
    """Both are fetched, whole, and nothing is left unsynced."""
    prepare(world)
    home = world.home("both", ["ana", "ben"])
    home.ok("sync")
    for user in ("ana", "ben"):
        there = world.mailbox(user).messages()
        here = home.files(f"{user}/INBOX")
        assert len(here) == len(there), (sorted(here), sorted(there))
        for _, _, data in there.values():
            assert any(lines_equal(data, ours) for ours in here.values()), \
                data
    assert set(home.search("folder:ben/INBOX")) == {"for ben"}


def modes(world):
    """Nobody else reads the mail (P54)."""
    home = world.homes["both"]
    assert os.path.exists(home.path("data", "posthorn", "state.db"))
    for top, folders, files in os.walk(home.path("data", "posthorn")):
        for name in folders:
            mode = os.stat(os.path.join(top, name)).st_mode & 0o777
            assert mode == 0o700, f"{top}/{name} {mode:o}"
        for name in files:
            mode = os.stat(os.path.join(top, name)).st_mode & 0o777
            assert mode & 0o077 == 0, f"{top}/{name} {mode:o}"


def nothing_to_do(world):
    """A second sync touches no folder."""
    home = world.homes["both"]
    cur = os.path.join(home.mail, "ana", "INBOX", "cur")
    before = os.stat(cur).st_mtime_ns, sorted(os.listdir(cur))
    home.ok("sync")
    assert (os.stat(cur).st_mtime_ns, sorted(os.listdir(cur))) == before


def show(world):
    home = world.home("ana", ["ana"])
    home.ok("sync")
    shown = home.ok("show", "subject:m3").out
    assert "body of 3" in shown, shown
    raw = home.ok("show", "--raw", "subject:m3").out
    assert "Message-ID: <m3@test.example>" in raw, raw


def flags_arrive(world):
    """\\Seen and \\Flagged of the server are tags here."""
    tags = world.homes["ana"].search("folder:ana/INBOX")
    assert "unread" not in tags["seen before"]["tags"]
    assert "flagged" in tags["seen before"]["tags"]
    assert "unread" in tags["m1"]["tags"]


def tags_go_out(world):
    home, ana = world.homes["ana"], world.mailbox("ana")
    home.ok("tag", "-unread", "subject:m1")
    home.ok("tag", "+flagged", "+todo", "subject:m2")
    home.ok("sync")
    there = ana.messages()
    assert "\\Seen" in there["m1"][1], there["m1"][1]
    assert {"\\Flagged", "todo"} <= there["m2"][1], there["m2"][1]
    home.ok("tag", "-todo", "subject:m2")
    home.ok("sync")
    assert "todo" not in ana.messages()["m2"][1]


def flags_come_in(world):
    home, ana = world.homes["ana"], world.mailbox("ana")
    ana.uid("INBOX", "m4", "STORE", "+FLAGS", "(\\Seen \\Answered later)")
    ana.uid("INBOX", "m1", "STORE", "-FLAGS", "(\\Seen)")
    home.ok("sync")
    tags = {subject: set(row["tags"])
            for subject, row in home.search("folder:ana/INBOX").items()}
    assert {"replied", "later"} <= tags["m4"], tags["m4"]
    assert "unread" not in tags["m4"], tags["m4"]
    assert "unread" in tags["m1"], tags["m1"]


def move_out(world):
    home, ana = world.homes["ana"], world.mailbox("ana")
    home.ok("move", "Junk", "subject:m5")
    home.ok("sync")
    assert "m5" not in ana.messages()
    assert "m5" in ana.messages("Junk")
    assert home.search("subject:m5")["m5"]["folder"] == "ana/Junk"


def archive_and_undo(world):
    home, ana = world.homes["ana"], world.mailbox("ana")
    home.ok("archive", "subject:m6")
    home.ok("sync")
    assert "m6" in ana.messages("Archive") and "m6" not in ana.messages()
    home.ok("undo")
    home.ok("sync")
    assert "m6" in ana.messages() and "m6" not in ana.messages("Archive")
    home.ok("archive", "subject:m6")
    home.ok("undo")  # before the server has heard of it
    home.ok("sync")
    assert "m6" in ana.messages() and "m6" not in ana.messages("Archive")


def delete(world):
    """To the trash, then for good; nothing else goes (P76)."""
    home, ana = world.homes["ana"], world.mailbox("ana")
    home.ok("trash", "subject:m7")
    home.ok("sync")
    assert "m7" in ana.messages("Trash") and "m7" not in ana.messages()
    before = set(ana.messages())
    home.ok("delete", "--force", "folder:ana/Trash")
    home.ok("sync")
    assert ana.messages("Trash") == {}
    assert set(ana.messages()) == before
    assert home.search("subject:m7") == {}


def server_moves(world):
    home, ana = world.homes["ana"], world.mailbox("ana")
    ana.uid("INBOX", "m8", "MOVE", "Archive")
    ana.uid("INBOX", "m9", "STORE", "+FLAGS", "(\\Deleted)")
    ana.imap.expunge()
    home.ok("sync")
    rows = home.search("folder:ana/INBOX")
    assert "m8" not in rows and "m9" not in rows, sorted(rows)
    assert home.search("subject:m8")["m8"]["folder"] == "ana/Archive"
    assert home.search("subject:m9") == {}


def state_lost(world):
    """Without state.db: matched again, nothing doubled or deleted (P79)."""
    home, ana = world.homes["ana"], world.mailbox("ana")
    before = {name: set(ana.messages(name)) for name in ("INBOX", "Archive")}
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        path = home.path("data", "posthorn", name)
        if os.path.exists(path):
            os.unlink(path)
    home.ok("sync")
    for name, subjects in before.items():
        assert set(ana.messages(name)) == subjects
        assert len(home.files(f"ana/{name}")) == len(subjects)


def reply_across(world):
    """Ana answers Ben; Ben's watching sync hears it by IDLE; the Sent copy is
    what was sent (P80)."""
    if world.servers.smtp is None:
        raise Skip("Postfix needs root")
    ana, ben = world.homes["ana"], world.home("ben", ["ben"])
    ben.ok("sync")
    watch = ben.start("sync", "--watch")
    try:
        time.sleep(2)
        body = ana.path("body.txt")
        ana.write(body, "The answer is yes, Ben.\n")
        ana.ok("reply", "--body", body, "--send", "subject:m10")
        ana.ok("outbox", "retry", "--all", "--wait")
        begin = time.monotonic()
        got = until(lambda: [data for data in ben.files("ben/INBOX").values()
                             if b"The answer is yes" in data], 20,
                    "Ben has the reply")
        print(f"# heard after {time.monotonic() - begin:.1f} s", flush=True)
    finally:
        seconds = end_process(watch)
    assert seconds < 5, seconds
    assert b"In-Reply-To: <m10@test.example>" in got[0], got[0]
    assert b"Bcc" not in got[0]
    ana.ok("sync")
    there = world.mailbox("ana")
    assert "\\Answered" in there.messages()["m10"][1]
    sent = there.messages("Sent")
    assert len(sent) == 1, sorted(sent)
    copy = next(iter(sent.values()))[2].replace(b"\r\n", b"\n")
    assert got[0].replace(b"\r\n", b"\n").endswith(copy), (got[0], copy)


def send_refused(world):
    """A recipient that the server does not know: kept, with its words."""
    if world.servers.smtp is None:
        raise Skip("Postfix needs root")
    home = world.homes["ana"]
    body = home.path("body.txt")
    home.write(body, "x\n")
    home.run("compose", "--to", "nobody@example.org", "--subject", "lost",
             "--body", body, "--send")
    home.run("outbox", "retry", "--all", "--wait")
    listed = home.ok("outbox").out
    assert "nobody@example.org" in listed or "lost" in listed, listed
    assert "failed" in listed, listed


def drafts_there(mailbox):
    return [(flags, data) for _, flags, data
            in mailbox.messages("Drafts").values()]


def draft_on_two_machines(world):
    """A draft is in the Drafts folder of the server, each version in place of
    the older one (P13); another machine finishes it, and it is gone here."""
    lea, first = world.mailbox("lea"), world.home("first", ["lea"])
    first.ok("sync")
    path = first.ok("compose", "--to", "kim@example.org", "--bcc",
                    "pat@example.org", "--subject", "begun here", "--body",
                    first.config).out.strip()
    first.ok("sync")
    (flags, data), = drafts_there(lea)
    assert "\\Draft" in flags and "\\Seen" in flags, flags
    assert b"Bcc: pat@example.org" in data, data
    first.ok("draft-set", "--draft", path, "subject", "goes on")
    first.ok("sync")
    (flags, data), = drafts_there(lea)
    assert b"Subject: goes on" in data, data
    second = world.home("second", ["lea"])
    second.ok("sync")
    other = second.ok("edit-as-new", "subject:goes").out.strip()
    with open(other, encoding="utf-8") as file:
        text = file.read()
    with open(first.config, encoding="utf-8") as file:
        assert file.read() in text, text
    assert "Bcc: pat@example.org" in text, text
    second.ok("draft-set", "--draft", other, "subject", "finished there")
    second.ok("sync")
    (flags, data), = drafts_there(lea)
    assert b"Subject: finished there" in data, data
    first.ok("sync")
    assert first.ok("drafts").out == "", first.ok("drafts").out
    second.ok("draft-discard", "--force", "--draft", other)
    second.ok("sync")
    assert drafts_there(lea) == []


def all_tests(tap, world):
    for test in (two_accounts, modes, nothing_to_do, show, flags_arrive,
                 tags_go_out, flags_come_in, move_out, archive_and_undo,
                 delete, server_moves, state_lost, reply_across,
                 send_refused, draft_on_two_machines):
        tap.run("exchange: " + test.__name__.replace("_", " "), test, world)


__all__ = ["all_tests", "Home", "Mailbox"]
