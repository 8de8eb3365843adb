"""The real program with a server that keeps mail as Gmail does."""

import json

from gmail_server import ALL, TRASH, Gmail
from harness import message, until
from terminal import Terminal


def home_of(world, name, server, more=""):
    return world.home(name, ["kim"], more=more,
                      incoming=f"imap+insecure://kim@127.0.0.1:{server.port}")


def places(home):
    """Subject -> the folder of its one row."""
    rows = json.loads(home.ok("search", "--json", "*").out)
    found = {row["subject"]: row["folder"] for row in rows}
    assert len(found) == len(rows), rows
    return found


def some_mail(server):
    return [server.add(message("in the inbox"), "INBOX"),
            server.add(message("archived")),
            server.add(message("at work"), "Work"),
            server.add(message("starred"), "[Gmail]/Starred",
                       "[Gmail]/Important")]


def once(world):
    """Everything is here once; what is archived lies in All Mail."""
    with Gmail() as server:
        home = home_of(world, "gmail once", server)
        some_mail(server)
        home.ok("sync")
        assert places(home) == {
            "in the inbox": "kim/INBOX", "archived": f"kim/{ALL}",
            "at work": "kim/Work", "starred": f"kim/{ALL}"}, places(home)
        assert len(home.files(f"kim/{ALL}")) == 2
        assert sorted(server.bodies) == [1, 2, 3, 4], server.bodies
        folders = json.loads(home.ok("folders", "--json").out)
        roles = {row["folder"]: row["role"] for row in folders}
        assert roles[f"kim/{ALL}"] == "archive", roles
        before = len(server.heard)
        home.ok("sync")
        asked = [words for words in server.heard[before:]
                 if words[0] in ("SELECT", "UID SEARCH", "UID FETCH")]
        assert len(asked) == 1 and "INBOX" in str(asked[0][2]), asked


def archived_elsewhere(world):
    """And taken back, and its label removed: one row moves, nothing is fetched
    again."""
    with Gmail() as server:
        home = home_of(world, "gmail elsewhere", server)
        inbox, archived, work, _ = some_mail(server)
        home.ok("sync")
        server.unlabel(inbox, "INBOX")
        server.label(archived, "INBOX")
        server.unlabel(work, "Work")
        home.ok("sync")
        found = places(home)
        assert found["in the inbox"] == f"kim/{ALL}", found
        assert found["archived"] == "kim/INBOX", found
        assert found["at work"] == f"kim/{ALL}", found
        assert len(server.bodies) == 4, server.bodies


def archived_here(world):
    """By its key, and taken back by u; for good by a command."""
    with Gmail() as server:
        home = home_of(world, "gmail here", server)
        inbox, archived, work, starred = some_mail(server)
        home.ok("sync")
        env = {name: value for name, value in home.env.items()
               if name != "PATH"}
        with Terminal(f"{home.posthorn} -c '{home.config}'", 100, 24,
                      env) as terminal:
            terminal.wait_text("in the inbox")
            terminal.keys("a")
            terminal.wait_text(f"to {ALL}")
            until(lambda: "INBOX" not in server.labels(inbox), 60, "archived")
            terminal.keys("u")
            terminal.wait_text("in the inbox")
            until(lambda: "INBOX" in server.labels(inbox), 60, "undone")
            terminal.keys("Q")
            terminal.wait_end()
        home.ok("archive", "subject:inbox")
        home.ok("trash", "subject:archived")
        home.ok("delete", "--force", "subject:work")
        home.ok("tag", "+todo", "subject:starred")
        home.ok("sync")
        home.ok("sync")
        found = places(home)
        assert found["in the inbox"] == f"kim/{ALL}", found
        assert found["archived"] == f"kim/{TRASH}", found
        assert found["starred"] == "kim/todo", found
        assert "at work" not in found, found
        assert server.labels(archived) == {TRASH}, server.labels(archived)
        for box in server.boxes.values():
            assert work not in box.uids
        assert "todo" in server.labels(starred), server.labels(starred)
        assert len(server.bodies) == 4, server.bodies


def all_tests(tap, world):
    for test in (once, archived_elsewhere, archived_here):
        tap.run("gmail: " + test.__name__.replace("_", " "), test, world)


__all__ = ["all_tests"]
