"""What is not here is found on the server and opened; what other programs do to
the Maildir and to the index is taken up and told the server."""

import json
import os
import subprocess

from harness import end_process, message, until


def found(home, *words):
    rows = json.loads(home.ok("search", "--server", "--json", *words).out)
    return {row["subject"]: row for row in rows}


def searched(world):
    """A word of a text that is not here, a message that came since, and both
    in one list, newest first, with what the index found."""
    home, kim = world.home("asked", ["kim"]), world.mailbox("kim")
    home.write(home.config, open(home.config, encoding="utf-8").read().replace(
        "account kim {", "account kim {\n    keep-bodies none"))
    kim.append(message("plan a", body="the quokka sleeps\r\n"))
    kim.append(message("plan b", body="nothing of the kind\r\n"))
    home.ok("sync")
    assert not home.files("kim/INBOX")
    kim.append(message("plan c", body="two quokkas\r\n"))
    kim.append(message("Grüße".encode().decode("latin-1"), body="x\r\n"))
    assert "plan a" not in home.search("quokka")
    assert sorted(found(home, "quokka")) == ["plan a", "plan c"]
    assert sorted(found(home, "subject:plan", "not", "body:quokka")) == [
        "plan b"]
    assert not found(home, "folder:kim/INBOX", "quokka", "is:flagged")
    shown = home.ok("show", "plan c").out
    assert "two quokkas" in shown, shown
    home.ok("sync")
    rows = home.search("plan")
    assert sorted(rows) == ["plan a", "plan b", "plan c"], rows
    assert len(home.files("kim/INBOX")) == 1


def refused(world):
    """What no server can be asked is said; so is a server that is not there."""
    home = world.homes["asked"]
    result = home.run("search", "--server", "thread:12")
    assert result.status == 2 and "thread:" in result.err, result
    away = world.home("away", ["kim"], incoming="imap+insecure://127.0.0.1:1")
    result = away.run("search", "--server", "quokka")
    assert result.status == 1 and "synchronise first" in result.err, result
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, text.replace(
        f"localhost:{world.servers.imaps}", "localhost:1"))
    result = home.run("search", "--server", "plan")
    assert result.status == 1 and "localhost" in result.err, result
    assert "plan b" in result.out, result


def notmuch(home, *words):
    index = home.path("data", "posthorn", "index", "notmuch.conf")
    subprocess.run(["notmuch", "--config=" + index] + list(words),
                   env=home.env, check=True, stdout=subprocess.DEVNULL)


def flags(mailbox, subject):
    return mailbox.messages()[subject][1]


def tagged_by_notmuch(world):
    """By the command of notmuch's, while nobody looks: with the next sync."""
    home, lea = world.home("notmuch", ["lea"]), world.mailbox("lea")
    lea.append(message("to tag"))
    lea.append(message("to watch"))
    home.ok("sync")
    notmuch(home, "tag", "+todo", "-unread", "--", "subject:tag")
    home.ok("sync")
    assert flags(lea, "to tag") == {"todo", "\\Seen"}, flags(lea, "to tag")
    assert home.search("subject:tag")["to tag"]["tags"] == ["todo"]


def while_we_look(world):
    """The same, and a file renamed, added and removed, at once."""
    home, lea = world.homes["notmuch"], world.mailbox("lea")
    top = os.path.join(home.mail, "lea", "INBOX")
    watch = home.start("sync", "--watch")
    try:
        until(lambda: home.run("search", "--json", "subject:watch").out, 30,
              "the program answers")
        notmuch(home, "tag", "+flagged", "--", "subject:watch")
        until(lambda: "\\Flagged" in flags(lea, "to watch"), 60,
              "the flag is on the server")
        name = until(lambda: [name for name, data in
                              home.files("lea/INBOX").items()
                              if b"Subject: to watch" in data
                              and name.endswith(":2,F")], 60,
                     "the file has the flag")[0]
        os.rename(os.path.join(top, "cur", name),
                  os.path.join(top, "cur", name + "S"))
        until(lambda: "\\Seen" in flags(lea, "to watch"), 60,
              "the renamed file is read on the server")
        home.write(os.path.join(top, "tmp", "1.foreign"),
                   message("from outside").decode())
        os.rename(os.path.join(top, "tmp", "1.foreign"),
                  os.path.join(top, "new", "1.foreign"))
        until(lambda: "from outside" in lea.messages(), 60,
              "the new file is on the server")
        for name, data in home.files("lea/INBOX").items():
            if b"Subject: from outside" in data:
                path = os.path.join(top, "cur", name)
                os.unlink(path if os.path.exists(path)
                          else os.path.join(top, "new", name))
        until(lambda: "from outside" not in lea.messages(), 60,
              "the removed file is gone on the server")
    finally:
        end_process(watch)


def all_tests(tap, world):
    for test in (searched, refused, tagged_by_notmuch, while_we_look):
        tap.run("behind: " + test.__name__.replace("_", " "), test, world)


__all__ = ["all_tests"]
