"""What is not here is found on the server and opened; what other programs do to
the Maildir and to the index is taken up and told the server."""

import base64
import json
import os
import subprocess
import threading
import time

from harness import end_process, message, on_screen, until
from line import Line
from terminal import Terminal


# Which rows alone answer as the index does, whole words given.
LANGUAGE = (
    "tag:todo tag:done", "is:unread tag:todo", "is:todo tag:done is:flagged",
    "tag:todo not tag:done", "not tag:todo is:unread", "tag:todo -tag:done",
    "not tag:todo and is:unread", "not tag:todo tag:done", "not not tag:todo",
    "tag:todo (tag:done)", "(tag:todo tag:done) is:unread",
    "tag:todo or is:flagged not tag:done", "has:attachment is:unread",
    "tag:todo not -tag:done", "tag:done -(not tag:todo)",
    "(tag:done or not -tag:todo) subject:one", "item wait.. not (tag:todo)",
    "item \"or\" tag:todo", "is:flagged + - tag:done",
    "subject:one subject:two", "subject:one tag:todo subject:two",
    "folder:inbox tag:todo tag:done", "folder:inbox folder:nowhere",
    "(-tag:todo)", "(-tag:todo -tag:done)", "tag:done or (tag:todo -is:unread)",
    "date:2026-11-23", "date:2026-11-24..", "date:..2026-11-22", "not date:2026",
    "date:2025..2026-11", "date:1year..", "date:2months", "date:2weeks..1day",
    "date:monday", "date:yesterday..today is:unread",
)


def found(home, *words):
    rows = json.loads(home.ok("search", "--server", "--json", *words).out)
    return {row["subject"]: row for row in rows}


def searched(world):
    """A word of a text that is not here, a message that came since, and both
    in one list, newest first, with what the index found."""
    home, uma = world.home("asked", ["uma"]), world.mailbox("uma")
    home.write(home.config, open(home.config, encoding="utf-8").read().replace(
        "account uma {", "account uma {\n    keep-bodies none"))
    uma.append(message("plan a", body="the quokka sleeps\r\n"))
    uma.append(message("plan b", body="nothing of the kind\r\n"))
    home.ok("sync")
    assert not home.files("uma/INBOX")
    uma.append(message("plan c", body="two quokkas\r\n"))
    uma.append(message("Grüße".encode().decode("latin-1"), body="x\r\n"))
    assert "plan a" not in home.search("quokka")
    for query in ("plan", "subject:plan", "subject:\"plan a\"",
                  "subject:plan is:unread not tag:done",
                  "folder:inbox (subject:plan or from:nobody)"):
        assert "plan a" in home.search(query), query
    for query in ("subject:lan", "subject:pla", "subject:uma",
                  "subject:plan not to:nobody"):  # there may be a Bcc
        assert not home.search(query), query
    assert sorted(found(home, "quokka")) == ["plan a", "plan c"]
    assert sorted(found(home, "subject:plan", "not", "body:quokka")) == [
        "plan b"]
    assert not found(home, "folder:uma/INBOX", "quokka", "is:flagged")
    assert home.ok("archive", "from:nobodyhere").err == ""
    assert home.ok("tag", "+x", "--dry-run", "--json",
                   "from:nobodyhere").out.strip() == "[]"
    missed = home.run("show", "from:nobodyhere")
    assert missed.status == 1 and "no message matches" in missed.err, missed
    shown = home.ok("show", "plan c").out
    assert "two quokkas" in shown, shown
    home.ok("sync")
    rows = home.search("plan")
    assert sorted(rows) == ["plan a", "plan b", "plan c"], rows
    assert len(home.files("uma/INBOX")) == 1


NAIVE = base64.encodebytes("naïve\n".encode()).decode()
ONE = base64.encodebytes(b"one of many lines\n" * 100000).decode()
PARTS = f"""--b
Content-Type: text/plain

look at these
--b
Content-Type: application/octet-stream; name=large
Content-Disposition: attachment; filename=large
Content-Transfer-Encoding: base64

{ONE}
--b
Content-Type: text/plain; charset=utf-8
Content-Disposition: attachment; filename*=UTF-8''na%C3%AFve.txt
Content-Transfer-Encoding: base64

{NAIVE}
--b
Content-Type: message/rfc822

Subject: inner
Content-Type: text/plain

the inner text
--b--
"""


def said_by_rows(world):
    """Rows of headers understand a query as the index does."""
    home, uma = world.home("language", ["uma"]), world.mailbox("uma")
    for n, flags in (("one", "todo"), ("two", "done"), ("three", "todo done"),
                     ("four", "\\Seen"), ("five", "\\Flagged todo"),
                     ("six", "\\Seen \\Flagged done")):
        uma.append(message("item " + n, body="x\r\n"), flags=f"({flags})")
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, text.replace(
        "account uma {", "account uma {\n    keep-bodies none"))
    home.ok("sync")
    assert not home.files("uma/INBOX")
    rows = {query: set(home.search(query)) for query in LANGUAGE}
    home.write(home.config, text)
    home.ok("sync")
    assert len(home.files("uma/INBOX")) >= 6
    for query, said in rows.items():
        indexed = set(home.search(query))
        assert said == indexed, (query, said, indexed)
    assert rows["tag:todo tag:done"] > rows["tag:todo (tag:done)"] == {
        "item three"}


def copies(world):
    """An act on what a folder has leaves the copies elsewhere alone."""
    home, uma = world.homes["language"], world.mailbox("uma")
    uma.imap.create("Other")
    for folder in ("INBOX", "Other"):
        uma.append(message("twice", body="x\r\n"), folder)
    home.ok("sync")
    other = "subject:twice folder:uma/Other"
    for query, rows in (("subject:twice", 2), (other, 1)):
        told = json.loads(home.ok("search", "--json", query).out)
        assert len(told) == rows, (query, told)
    home.ok("delete", "--force", other)
    home.ok("sync")
    assert "twice" in uma.messages("INBOX")
    assert "twice" not in uma.messages("Other")


def one_part(world):
    """The parts of a message that is not here, and one of them alone."""
    home, uma = world.homes["asked"], world.mailbox("uma")
    uma.append(message(
        "huge", body=PARTS.replace("\n", "\r\n"),
        extra="MIME-Version: 1.0\r\n"
              "Content-Type: multipart/mixed; boundary=b\r\n"))
    home.ok("sync")
    before = home.files("uma/INBOX")
    rows = json.loads(home.ok("show", "--parts", "--json", "huge").out)
    told = [(row["part"], row["depth"], row["type"], row["name"],
             row["attachment"]) for row in rows]
    assert told == [
        (1, 0, "multipart/mixed", None, False),
        (2, 1, "text/plain", None, False),
        (3, 1, "application/octet-stream", "large", True),
        (4, 1, "text/plain", "naïve.txt", True),
        (5, 1, "message/rfc822", None, True),
        (6, 2, "text/plain", None, False)], told
    assert abs(rows[2]["size"] - 1800000) < 1000, rows[2]
    assert "large" in home.ok("show", "--parts", "huge").out
    assert home.ok("show", "--part", "4", "huge").out == "naïve\n"
    assert home.ok("show", "--part", "3", "huge").out == (
        "one of many lines\n" * 100000)
    assert "the inner text" in home.ok("show", "--part", "6",
                                       "huge").out
    none = home.run("show", "--part", "7", "huge")
    assert none.status == 2 and "has 6" in none.err, none
    assert home.files("uma/INBOX") == before
    assert not [name for name in os.listdir(home.path("cache", "posthorn"))
                if name.startswith("part-")]
    home.ok("show", "huge")
    assert len(home.files("uma/INBOX")) == len(before) + 1
    here = json.loads(home.ok("show", "--parts", "--json", "huge").out)
    assert [row["type"] for row in here] == [row["type"] for row in rows]
    assert [row["name"] for row in here] == [row["name"] for row in rows]


def moved_there(world):
    """Another client moves a message: where the server names bytes (OBJECTID)
    what is here is taken, which a letter changed on the disk shows."""
    home, lea = world.home("moved", ["lea"]), world.mailbox("lea")
    lea.append(message("to move", body="original text\r\n"))
    home.ok("sync")
    for name, data in home.files("lea/INBOX").items():
        if b"Subject: to move" in data:
            path = os.path.join(home.mail, "lea", "INBOX", "cur", name)
            with open(path, "r+b") as file:
                file.write(data.replace(b"original", b"0riginal"))
    lea.imap.create("Moved")
    lea.uid("INBOX", "to move", "MOVE", "Moved")
    home.ok("sync")
    found = [data for data in home.files("lea/Moved").values()]
    assert len(found) == 1, found
    named = "OBJECTID" in lea.imap.capabilities
    assert (b"0riginal" in found[0]) == named, found
    assert not os.path.exists(os.path.join(home.mail, "lea", ".gone"))
    rows = home.search("to move")
    assert rows["to move"]["folder"] == "lea/Moved", rows


def slow(world):
    """A message that takes its time to be opened says so; what is in the way
    takes a second for each answer."""
    line = Line(world.servers.imap, 1)
    home, uma = world.home("slow", ["uma"]), world.mailbox("uma")
    home.write(home.config, open(home.config, encoding="utf-8").read().replace(
        "account uma {", "account uma {\n    keep-bodies none"))
    uma.append(message("opened slowly", body="at last\r\n"))
    home.ok("sync")
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, text.replace(
        f"imaps://uma@localhost:{world.servers.imaps}",
        f"imap+insecure://uma@127.0.0.1:{line.port}"))
    on_screen(home, b"fetching this message", b"opened slowly", b"\r")
    on_screen(home, b"at last", b"opened slowly", b"\r")


def waiting(world):
    """What the server was not told yet is counted by kind, with its time, on the
    page of what goes on."""
    home, uma = world.home("waiting", ["uma"]), world.mailbox("uma")
    for number in range(6):
        uma.append(message(f"waiting {number}"))
    home.ok("sync")
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, text.replace(
        f"imaps://uma@localhost:{world.servers.imaps}",
        "imap+insecure://uma@127.0.0.1:1"))
    for subject in ("waiting 0", "waiting 1"):
        home.ok("tag", "+flagged", f"subject:\"{subject}\"")
    for subject in ("waiting 2", "waiting 3", "waiting 4"):
        home.ok("move", "uma/Archive", f"subject:\"{subject}\"")
    home.ok("delete", "--force", 'subject:"waiting 5"')
    now = time.strftime("%a %H:")
    with on_terminal(home) as terminal:
        terminal.wait_text("waiting 0")
        terminal.type("gA")
        screen = terminal.wait_text("uma: 2 to mark, 3 to move, 1 to delete, "
                                    "since ")
        then = time.strftime("%a %H:")
    assert any("since " + hour in row for row in screen
               for hour in (now, then)), screen


class Gate(Line):
    """Nothing comes back any more on a connection that asked for this."""

    def __init__(self, port, shut):
        self.shut, self.held = shut, set()
        super().__init__(port, 0)

    def _said(self, turns, number, data):
        if self.shut and self.shut in data:
            self.held.add(id(turns))
        super()._said(turns, number, data)

    def _note(self, turns, who, data):
        if who == "S" and id(turns) in self.held:
            threading.Event().wait()
        super()._note(turns, who, data)


def through(world, home, line, more):
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, text.replace(
        f"imaps://uma@localhost:{world.servers.imaps}",
        f"imap+insecure://uma@127.0.0.1:{line.port}").replace(
        "account uma {", "account uma {\n    keep-bodies none") + more)


def with_files(world, name, line):
    """A home whose newest message has files and is not here."""
    home, uma = world.home(name, ["uma"]), world.mailbox("uma")
    opener = home.path("opener")
    home.write(opener, f"#!/bin/sh\ncp \"$1\" {home.path('opened')}.tmp && "
               f"mv {home.path('opened')}.tmp {home.path('opened')}\n", 0o755)
    through(world, home, line, f"set download-folder {home.path('saved')}\n"
            f"set opener {opener}\n")
    uma.append(message(
        name, body=PARTS.replace("\n", "\r\n"),
        extra="MIME-Version: 1.0\r\n"
              "Content-Type: multipart/mixed; boundary=b\r\n").replace(
                  b"23 Nov", b"24 Nov"))
    home.ok("sync")
    return home


def on_terminal(home):
    env = {name: value for name, value in home.env.items() if name != "PATH"}
    return Terminal(f"{home.posthorn} -c {home.config}", 100, 30, env)


def saved(home):
    found = {}
    for name in os.listdir(home.path("saved")):
        with open(home.path("saved", name), "rb") as file:
            found[name] = file.read()
    return found


LARGE = b"one of many lines\n" * 100000


def files_panel(world):
    """The files of a message that never comes: the panel lists them at once,
    and each is read, saved, opened and piped without the rest."""
    with Gate(world.servers.imap, b"BODY.PEEK[]") as line:
        home = with_files(world, "panel", line)
        with on_terminal(home) as terminal:
            terminal.wait_text("panel")
            terminal.keys("Enter")
            terminal.wait_text("it is being fetched")
            terminal.keys("v")
            screen = terminal.wait_text("naïve.txt")
            assert any("large" in row for row in screen), screen
            terminal.keys("2", "Enter")
            terminal.wait(lambda s: any(row.strip() == "naïve" for row in s))
            terminal.keys("q")
            terminal.wait_text("Not on this machine.")
            terminal.keys("v")
            terminal.wait_text("naïve.txt")
            terminal.keys("1", "s")
            terminal.wait_text("Saved ")
            assert saved(home) == {"large": LARGE}, saved(home).keys()
            terminal.keys("2", "o")
            terminal.wait_text("Opened na")
            until(lambda: os.path.exists(home.path("opened")), 60, "opened")
            assert open(home.path("opened"), "rb").read() == "naïve\n".encode()
            terminal.keys("S")
            terminal.wait_text(": 3 files")
            names = saved(home)
            assert len(names) == 4 and names["2-large"] == LARGE, names.keys()
            terminal.keys("1", "|")
            terminal.wait_text("Pipe to")
            terminal.type("wc -l\r")
            terminal.wait(lambda s: any(row.strip() == "100000" for row in s))
            terminal.keys("q")
            terminal.wait_text("Save to")  # the panel is there again
            terminal.keys("Escape")
            terminal.wait_gone("Save to")
            assert not home.files("uma/INBOX")
            line.shut = None
            terminal.wait_text("Not on this machine.")
            terminal.keys("Enter")
            terminal.wait_text("look at these")
            assert len(home.files("uma/INBOX")) == 1
            assert not [name for name in os.listdir(
                home.path("cache", "posthorn")) if name.startswith("part-")]


def files_cancelled(world):
    """A file that does not come says so and is given up by Esc; what cannot be
    asked is said."""
    with Gate(world.servers.imap, b"PEEK[2]") as line:
        home = with_files(world, "waits", line)
        with on_terminal(home) as terminal:
            terminal.wait_text("waits")
            terminal.wait(lambda s: "✓" in s[0])  # and no sync is running
            terminal.keys(":")
            terminal.type("offline on\r")
            terminal.wait(lambda s: "offline" in s[0])
            terminal.keys("Enter")
            terminal.wait_text("Not on this machine.")
            terminal.wait(lambda s: "You are offline" in s[-1])
            terminal.keys("v")
            terminal.wait_text("this message is not here and uma is offline")
            terminal.keys("Escape")
            terminal.wait_gone("uma is offline")
            terminal.keys(":")
            terminal.type("offline off\r")
            terminal.wait(lambda s: "✓" in s[0])
            terminal.keys("v")
            terminal.wait_text("naïve.txt")
            terminal.keys("1", "s")
            terminal.wait_text("fetching this file")
            terminal.keys("s")
            terminal.wait_text("Esc cancels it")
            terminal.keys("Escape")
            terminal.wait_text("Cancelled.")
            terminal.keys("2", "s")
            terminal.wait_text("Saved ")
            assert list(saved(home).values()) == ["naïve\n".encode()]
            terminal.keys("1", "s")
            terminal.wait_text("fetching this file")
            terminal.keys("Escape")
            terminal.wait_text("Cancelled.")
            terminal.keys("q")
            terminal.wait_gone("naïve.txt")
            assert not home.files("uma/INBOX")


def refused(world):
    """What no server can be asked is said; so is a server that is not there."""
    home = world.homes["asked"]
    result = home.run("search", "--server", "thread:12")
    assert result.status == 2 and "thread:" in result.err, result
    away = world.home("away", ["uma"], incoming="imap+insecure://127.0.0.1:1")
    result = away.run("search", "--server", "quokka")
    assert result.status == 1 and "synchronise first" in result.err, result
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, text.replace(
        f"localhost:{world.servers.imaps}", "localhost:1"))
    result = home.run("search", "--server", "plan")
    assert result.status == 1 and "localhost" in result.err, result
    assert "plan b" in result.out, result
    with on_terminal(home) as terminal:
        screen = terminal.wait_text("plan b")
        rows = [row for row in screen if "ben@example.org" in row]
        at = [number for number, row in enumerate(rows) if "plan b" in row]
        terminal.keys(*["j"] * at[0], "Enter")
        terminal.wait_text("Not on this machine")
        terminal.keys("v")
        terminal.wait(lambda s: any("│" in row and "localhost" in row
                                    for row in s))


def notmuch(home, *words):
    index = home.path("data", "posthorn", "index", "notmuch.conf")
    subprocess.run(["notmuch", "--config=" + index] + list(words),
                   env=home.env, check=True, stdout=subprocess.DEVNULL)


def flags(mailbox, subject):
    return mailbox.messages()[subject][1]


def tagged_by_notmuch(world):
    """By the command of notmuch's, while nobody looks: with the next sync."""
    home, vic = world.home("notmuch", ["vic"]), world.mailbox("vic")
    vic.append(message("to tag"))
    vic.append(message("to watch"))
    home.ok("sync")
    notmuch(home, "tag", "+todo", "-unread", "--", "subject:tag")
    home.ok("sync")
    assert flags(vic, "to tag") == {"todo", "\\Seen"}, flags(vic, "to tag")
    assert home.search("subject:tag")["to tag"]["tags"] == ["todo"]


def while_we_look(world):
    """The same, and a file renamed, added and removed, at once."""
    home, vic = world.homes["notmuch"], world.mailbox("vic")
    top = os.path.join(home.mail, "vic", "INBOX")
    watch = home.start("sync", "--watch")
    try:
        until(lambda: home.run("search", "--json", "subject:watch").out, 30,
              "the program answers")
        notmuch(home, "tag", "+flagged", "--", "subject:watch")
        until(lambda: "\\Flagged" in flags(vic, "to watch"), 60,
              "the flag is on the server")
        name = until(lambda: [name for name, data in
                              home.files("vic/INBOX").items()
                              if b"Subject: to watch" in data
                              and name.endswith(":2,F")], 60,
                     "the file has the flag")[0]
        os.rename(os.path.join(top, "cur", name),
                  os.path.join(top, "cur", name + "S"))
        until(lambda: "\\Seen" in flags(vic, "to watch"), 60,
              "the renamed file is read on the server")
        home.write(os.path.join(top, "tmp", "1.foreign"),
                   message("from outside").decode())
        os.rename(os.path.join(top, "tmp", "1.foreign"),
                  os.path.join(top, "new", "1.foreign"))
        until(lambda: "from outside" in vic.messages(), 60,
              "the new file is on the server")
        for name, data in home.files("vic/INBOX").items():
            if b"Subject: to tag" in data:
                path = os.path.join(top, "cur", name)
                os.unlink(path if os.path.exists(path)
                          else os.path.join(top, "new", name))
        until(lambda: "to tag" not in vic.messages(), 60,
              "the removed file is gone on the server")
    finally:
        end_process(watch)


def checked_while_it_stays(world):
    """Who sent what came before is checked by what stays."""
    home = world.home("stays", ["vic"])
    home.write(home.config, open(home.config, encoding="utf-8").read().replace(
        "account vic {", "account vic {\n    authserv-id mx.example.org"))
    home.ok("sync")
    path = os.path.join(home.dir, "imported.eml")
    home.write(path, "Authentication-Results: mx.example.org; dmarc=pass "
               "header.from=good.example\n"
               "From: b@good.example\nSubject: imported\n"
               "Message-ID: <1@good.example>\n"
               "Date: Mon, 23 Nov 2026 10:00:00 +0000\n\nx\n")
    home.ok("import", "--folder", "vic/INBOX", path)
    assert not home.search("subject:imported")["imported"].get("verdict")
    watch = home.start("sync", "--watch")
    try:
        until(lambda: "\"pass\"" in home.run(
            "search", "--json", "subject:imported").out, 60, "it is checked")
    finally:
        end_process(watch)


def run(tap, world, tests):
    for test in tests:
        tap.run("behind: " + test.__name__.replace("_", " "), test, world)


def on_any_server(tap, world):
    run(tap, world, (searched, said_by_rows, copies, one_part, moved_there, tagged_by_notmuch,
                     while_we_look))


def all_tests(tap, world):
    on_any_server(tap, world)
    run(tap, world, (checked_while_it_stays, slow, waiting, files_panel, files_cancelled,
                     refused))


__all__ = ["all_tests", "on_any_server"]
