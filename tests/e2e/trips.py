"""How often a sync waits for the server once it is logged in: counted on the
line between them, so that a slow network costs no more than it must. Seconds
are measured in tests/bench/."""

from harness import message
from line import Line

MESSAGES, NEW, GONE = 550, 100, 50


def prepare(world):
    ana = world.mailbox("ana")
    for number in range(MESSAGES):
        ana.append(message(f"old {number}"))
    line = Line(world.servers.imap, 0)
    home = world.home("line", ["ana"],
                      incoming=f"imap+insecure://127.0.0.1:{line.port}")
    home.ok("sync", timeout=300)
    assert len(home.files("ana/INBOX")) == MESSAGES
    line.trips()
    return home, line


def most(line, number):
    told = [turn for turns in line.turns for turn in turns]
    trips = line.trips()
    assert trips <= number, f"{trips} round trips: {told}"


def nothing_to_do(world):
    home, line = prepare(world)
    home.ok("sync")
    most(line, 3)
    world.line = line


def changed_there(world):
    """New messages, flags and deletions together."""
    home, ana = world.homes["line"], world.mailbox("ana")
    ana.imap.select("INBOX")
    ana.imap.uid("STORE", f"{GONE + 1}:{MESSAGES}", "+FLAGS", "(\\Flagged)")
    ana.imap.uid("STORE", f"1:{GONE}", "+FLAGS", "(\\Deleted)")
    ana.imap.expunge()
    for number in range(NEW):
        ana.append(message(f"new {number}"))
    home.ok("sync", timeout=300)
    most(world.line, 4)
    assert len(home.files("ana/INBOX")) == MESSAGES - GONE + NEW
    tags = home.search("folder:ana/INBOX")
    assert "flagged" in tags["old 60"]["tags"]
    assert "old 0" not in tags


def changed_here(world):
    """Flags of hundreds and the removal of some are told in a few commands."""
    home = world.homes["line"]
    home.ok("tag", "-unread", "subject:old", timeout=300)
    home.ok("trash", "subject:new", timeout=300)
    home.ok("sync", timeout=300)
    most(world.line, 8)
    there = world.mailbox("ana").messages()
    assert len(there) == MESSAGES - GONE, len(there)
    assert all("\\Seen" in flags for _, flags, _ in there.values())


def news_of_one(world):
    """What is heard of a folder while it is listened to."""
    home, ana = world.homes["line"], world.mailbox("ana")
    ana.append(message("news"))
    home.ok("sync", "ana/INBOX", timeout=300)
    most(world.line, 4)
    assert "news" in home.search("folder:ana/INBOX")


def archived(world):
    """A thousand messages filed at once: at most five commands, and those that
    say what was in the folder before."""
    home, ana = world.homes["line"], world.mailbox("ana")
    have = len(home.files("ana/INBOX"))
    for number in range(1000 - have):
        ana.append(message(f"more {number}"))
    home.ok("sync", timeout=300)
    home.ok("archive", "folder:ana/INBOX", timeout=300)
    world.line.trips()
    world.line.commands()
    home.ok("sync", timeout=300)
    said = [command for command in world.line.commands()
            if command[0] not in (b"AUTHENTICATE", b"LOGIN", b"CAPABILITY",
                                  b"ID", b"ENABLE", b"NAMESPACE", b"LOGOUT")]
    assert len(said) <= 5, said
    assert sum(command[:2] == (b"UID", b"MOVE") for command in said) == 1, said
    assert len(ana.messages("Archive")) >= 1000
    assert not ana.messages()


def all_tests(tap, world):
    for test in (nothing_to_do, changed_there, changed_here, news_of_one,
                 archived):
        tap.run("trips: " + test.__name__.replace("_", " "), test, world)


__all__ = ["all_tests"]
