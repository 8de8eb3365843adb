"""Events: each one fires, with all that it has to tell, in variables and as
JSON on standard input; queries, timeouts, refusals; no hook changes what is
not its account's."""

import json
import os
import re
import sys

from harness import Skip, end_process, message, until
from line import Line

RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "record.py")
ALL = ("startup", "shutdown", "account-online", "account-offline",
       "sync-started", "sync-finished", "sync-failed", "message-arrived",
       "message-tagged", "message-moved", "message-deleted",
       "compose-started", "before-send", "message-queued", "message-sent",
       "send-failed")


class Recorder:
    """A folder in which record.py leaves what hooks were told."""

    def __init__(self, world, name):
        self.dir = world.servers.path("events-" + name)
        os.makedirs(self.dir, exist_ok=True)

    def hook(self, event, query="", words=""):
        asked = f"--query '{query}' " if query else ""
        return (f"hook {event} {asked}{{ exec {sys.executable} {RECORD} "
                f"{self.dir} {words} }}\n")

    def take(self):
        """All that was told since the last call, oldest first."""
        found = []
        names = [os.path.join(self.dir, name)
                 for name in os.listdir(self.dir) if name.endswith(".json")]
        for path in sorted(names, key=lambda path: os.stat(path).st_mtime_ns):
            with open(path, encoding="utf-8") as file:
                found.append(json.load(file))
            os.unlink(path)
        return found


def of(events, name):
    return [event for event in events if event["event"] == name]


def one(events, name):
    found = of(events, name)
    assert len(found) == 1, (name, [event["event"] for event in events])
    check_same(found[0])
    return found[0]["fields"], found[0]["json"]


def check_same(event):
    """The variables and the JSON say the same."""
    fields, told = event["fields"], event["json"]
    assert set(told) - {"event"} == set(fields), (told, fields)
    for name, value in fields.items():
        want = told[name]
        text = "\n".join(want) if isinstance(want, list) else str(want)
        assert value == text, (name, value, want)


def open_home(world, name="events", users=("ana",), more="", **home):
    recorder = Recorder(world, name)
    hooks = "".join(recorder.hook(event) for event in ALL)
    home = world.home(name, list(users), more="set undo-send 0s\n" + hooks
                      + more, **home)
    home.recorder = recorder
    return home


def sync(world):
    """startup, account-online, sync-started, sync-finished, shutdown."""
    home = open_home(world)
    world.mailbox("ana").append(message("old mail"))
    home.ok("sync")
    events = home.recorder.take()
    names = [event["event"] for event in events]
    for name in ("startup", "shutdown"):
        assert names.count(name) == 1, names
    for name in ("account-online", "sync-started", "sync-finished"):
        fields, _ = one(events, name)
        assert fields["account"] == "ana", fields
    assert "sync-failed" not in names and "account-offline" not in names


def arrived(world):
    """message-arrived carries everything that is known of a message."""
    home = world.homes["events"]
    world.mailbox("ana").append(message(
        "hello there", sender='"Ben B" <ben@example.org>',
        extra="Cc: Kim <kim@example.org>\r\n"))
    home.ok("sync")
    fields, told = one(home.recorder.take(), "message-arrived")
    rows = json.loads(home.ok("search", "--json", "subject:hello").out)
    want = {"account": "ana", "folder": "ana/INBOX", "role": "inbox",
            "message_id": "hello.there@test.example",
            "from": "ben@example.org", "from_name": "Ben B",
            "to": "ana@example.org", "cc": "Kim <kim@example.org>",
            "subject": "hello there", "date": "2026-11-23T05:13:00Z",
            "tags": "unread", "id": str(rows[0]["id"])}
    for name, value in want.items():
        assert fields.get(name) == value, (name, fields)
    assert told["tags"] == ["unread"], told
    assert isinstance(told["id"], int) and isinstance(told["thread"], int)
    with open(told["file"], "rb") as file:
        bytes_ = file.read()
    assert b"Subject: hello there" in bytes_ and told["size"] > 100, told
    home.recorder.take()


def tagged_and_moved(world):
    """message-tagged, -moved and -deleted say what was before; undo too."""
    home = world.homes["events"]
    home.ok("tag", "+todo", "subject:hello")
    fields, told = one(home.recorder.take(), "message-tagged")
    assert fields["tags_before"] == "unread", fields
    assert fields["tags_after"] == "todo unread", fields
    assert told["tags"] == ["todo", "unread"], told
    home.ok("archive", "subject:hello")
    fields, _ = one(home.recorder.take(), "message-moved")
    assert fields["folder_before"] == "ana/INBOX", fields
    assert fields["folder"] == "ana/Archive", fields
    assert fields["role"] == "archive", fields
    home.ok("undo")
    fields, _ = one(home.recorder.take(), "message-moved")
    assert fields["folder_before"] == "ana/Archive", fields
    assert fields["folder"] == "ana/INBOX", fields
    home.ok("undo")
    fields, _ = one(home.recorder.take(), "message-tagged")
    assert fields["tags_after"] == "unread", fields
    home.ok("tag", "+unread", "subject:hello")
    assert not of(home.recorder.take(), "message-tagged"), "nothing changed"
    home.ok("delete", "--force", "subject:hello")
    fields, _ = one(home.recorder.take(), "message-deleted")
    assert fields["account"] == "ana", fields
    assert fields["folder"] == "ana/INBOX", fields
    home.ok("sync")
    home.recorder.take()


def failed(world):
    """sync-failed and its reason."""
    home = open_home(world, "events-failed")
    with open(home.config, encoding="utf-8") as file:
        text = file.read()
    home.write(home.config, re.sub('password .*', 'password wrong', text))
    assert home.run("sync").status == 1
    fields, _ = one(home.recorder.take(), "sync-failed")
    assert fields["account"] == "ana" and "password" in fields["reason"]


def queries(world):
    """A hook with a query runs for what matches alone, also when what it asks
    for has only just been done."""
    recorder = Recorder(world, "queries")
    home = world.home("queries", ["ana"], more=(
        recorder.hook("message-arrived", "from:boss and folder:ana/INBOX",
                      "boss")
        + recorder.hook("message-tagged", "tag:todo", "todo")
        + recorder.hook("message-moved", "folder:ana/Junk", "junk")))
    home.ok("sync")
    ana = world.mailbox("ana")
    ana.append(message("from the boss", sender="boss@example.org"))
    ana.append(message("from a friend"))
    home.ok("sync")
    told = recorder.take()
    assert [event["fields"]["subject"] for event in told] \
        == ["from the boss"], told
    home.ok("tag", "+todo", "+later", "subject:boss")
    home.ok("tag", "+later", "subject:friend")
    told = recorder.take()
    assert [event["words"] for event in told] == [["todo"]], told
    home.ok("archive", "subject:boss")
    home.ok("move", "Junk", "subject:friend")
    told = recorder.take()
    assert [event["fields"]["subject"] for event in told] \
        == ["from a friend"], told
    home.ok("delete", "--force", "subject:boss or subject:friend")
    home.ok("sync")


def query_where_none_can_be(world):
    """A policy that would never run is an error, not a silence."""
    home = world.home("no-query", ["ana"], more=(
        "hook before-send --query 'to:evil' { exec false }\n"))
    result = home.run("check")
    assert result.status == 2 and "before-send" in result.err, result


def by_hook(world):
    """The commands of a hook act on its message."""
    home = world.home("by-hook", ["ana"], more=(
        "hook message-arrived --query 'subject:urgent' { tag +urgent; "
        "echo \"got $subject from $from\" }\n"))
    home.ok("sync")
    ana = world.mailbox("ana")
    ana.append(message("urgent thing"))
    out = home.ok("sync").out
    assert "got urgent thing from ben@example.org" in out, out
    assert "urgent" in home.search("subject:urgent")["urgent thing"]["tags"]
    home.ok("sync")
    assert "urgent" in ana.messages()["urgent thing"][1]


def timeouts(world):
    """A hook that hangs is ended, told, and stops nothing."""
    home = world.home("hangs", ["ana"], more=(
        "set hook-timeout 1s\n"
        "hook sync-finished { exec sleep 300 }\n"
        "hook sync-finished { exec sh -c 'echo second >&2; exit 3' }\n"))
    result = home.run("sync")
    assert result.status == 0, result
    assert "sleep took too long" in result.err, result
    assert "second" in result.err and "status 3" in result.err, result
    assert result.seconds < 60, result


def shutdown_hangs(world):
    """The end of the program waits two seconds for its last hooks."""
    home = world.home("hangs-last", ["ana"], more=(
        "hook shutdown { exec sleep 300 }\n"))
    result = home.run("count", "x")
    assert result.status == 0, result
    assert 1.5 < result.seconds < 60, result


def accounts_apart(world):
    """A hook in an account's block hears of that account only, and what it
    sets is that account's only."""
    recorder = Recorder(world, "apart")
    home = world.home("apart", ["ana", "kim"], more=(
        "account kim {\n" + recorder.hook("message-arrived")
        + "hook message-arrived { set signature leaked }\n}\n"
        + "hook message-arrived { config --changed --json }\n"))
    home.ok("sync")
    world.mailbox("ana").append(message("to ana"))
    world.mailbox("kim").append(message("to kim", to="kim@example.org"))
    result = home.ok("sync")
    told = recorder.take()
    assert [event["fields"]["account"] for event in told] == ["kim"], told
    options = json.JSONDecoder().raw_decode(
        result.out[result.out.rindex("\n[") + 1:]
        if "\n[" in result.out else result.out)[0]
    signature = [option for option in options
                 if option["name"] == "signature"]
    assert signature and signature[0]["value"] != "leaked", options
    assert signature[0]["accounts"] == {"kim": "leaked"}, signature


def need_postfix(world):
    if world.servers.smtp is None:
        raise Skip("Postfix needs root")


def compose(home, to, subject, body="the text\n"):
    home.write(home.path("body.txt"), body)
    return home.run("compose", "--to", to, "--subject", subject, "--body",
                    home.path("body.txt"), "--send")


def sent(world):
    """compose-started, before-send, message-queued, message-sent."""
    need_postfix(world)
    home = open_home(world, "events-sent")
    home.ok("sync")
    home.recorder.take()
    result = compose(home, "ben@example.org", "all events")
    assert result.status == 0, result
    home.ok("outbox", "--wait")
    events = home.recorder.take()
    for name in ("compose-started", "before-send", "message-queued",
                 "message-sent"):
        fields, told = one(events, name)
        assert fields["account"] == "ana", (name, fields)
        assert "ana@example.org" in fields["from"], (name, fields)
        assert fields["to"] == "ben@example.org", (name, fields)
        assert fields["subject"] == "all events", (name, fields)
        if name.startswith("message-"):
            assert told["recipients"] == ["ben@example.org"], told
            assert told["message_id"] and told["size"] > 100, told


def send_fails(world):
    """send-failed, with the server's words."""
    need_postfix(world)
    home = world.homes["events-sent"]
    compose(home, "nobody@example.org", "no such")
    home.run("outbox", "--wait")
    events = home.recorder.take()
    fields, told = one(events, "send-failed")
    assert told["recipients"] == ["nobody@example.org"], told
    assert fields["subject"] == "no such" and fields["reason"], fields
    assert not of(events, "message-sent"), events


def refused(world):
    """before-send refuses: nothing is queued, the draft stays, the words of
    the program are shown."""
    home = world.home("refuses", ["ana"], more=(
        "set undo-send 0s\n"
        "hook before-send { exec sh -c "
        "'echo \"no mail\x1b[31m to Ben\" >&2; exit 9' }\n"))
    result = compose(home, "ben@example.org", "refused")
    assert result.status in (1, 2), result
    assert "no mail" in result.err and "\x1b" not in result.err, result
    assert home.ok("outbox").out.strip() == "", home.ok("outbox")
    drafts = [name for name in os.listdir(home.path("data", "posthorn",
                                                    "drafts"))
              if name.endswith(".eml")]
    assert len(drafts) == 1, drafts


def hangs_before(world):
    """A policy that hangs is a refusal."""
    home = world.home("hangs-before", ["ana"], more=(
        "set hook-timeout 1s\nhook before-send { exec sleep 300 }\n"))
    result = compose(home, "ben@example.org", "hanging")
    assert result.status in (1, 2) and "too long" in result.err, result
    assert home.ok("outbox").out.strip() == ""


def rewritten(world):
    """before-send rewrites: what is sent is what the filter said."""
    need_postfix(world)
    home = world.home("rewrites", ["ana"], more=(
        "set undo-send 0s\n"
        "hook before-send { exec --filter sed 's/the text/another text/' }\n"))
    assert compose(home, "ben@example.org", "rewritten").status == 0
    home.ok("outbox", "--wait")
    got = until(lambda: world.mailbox("ben").messages().get("rewritten"), 30,
                "Ben has it")
    assert b"another text" in got[2], got


def watching(world):
    """The same from a program that stays: message-arrived by IDLE, and
    account-offline at its end is told."""
    home = open_home(world, "events-watch")
    home.ok("sync")
    home.recorder.take()
    watch = home.start("sync", "--watch")
    try:
        told = []
        until(lambda: told.extend(home.recorder.take())
              or of(told, "sync-finished"), 60, "it is up")
        world.mailbox("ana").append(message("by idle"))
        until(lambda: told.extend(home.recorder.take())
              or of(told, "message-arrived"), 60, "message-arrived")
        fields, _ = one(told, "message-arrived")
        assert fields["subject"] == "by idle", fields
    finally:
        end_process(watch, seconds=30)
    assert of(home.recorder.take(), "shutdown")


def between_sync_and_listening(world):
    """A message that comes after the sync and before the server is listened to
    is heard of; over a slow line there is much time between the two."""
    with Line(world.servers.imaps, 0.2) as line:
        home = open_home(world, "events-slow",
                         incoming=f"imaps://ana@localhost:{line.port}")
        home.ok("sync")
        home.recorder.take()
        watch = home.start("sync", "--watch")
        try:
            told = []
            until(lambda: told.extend(home.recorder.take())
                  or of(told, "sync-finished"), 60, "it is up")
            world.mailbox("ana").append(message("in the gap"))
            until(lambda: told.extend(home.recorder.take())
                  or of(told, "message-arrived"), 60, "message-arrived")
        finally:
            end_process(watch, seconds=30)
    fields, _ = one(told, "message-arrived")
    assert fields["subject"] == "in the gap", fields


def no_secret(world):
    """Nothing that a hook sees holds a password (P53)."""
    import harness
    secret = harness.real.PASSWORD
    for name in ("events", "events-sent", "events-watch"):
        if name not in world.homes:
            continue
        home = world.homes[name]
        home.ok("sync")
        told = home.recorder.take()
        assert told, name
        for event in told:
            assert secret not in json.dumps(event), event


def all_tests(tap, world):
    for test in (sync, arrived, tagged_and_moved, failed, queries,
                 query_where_none_can_be, by_hook, timeouts, shutdown_hangs,
                 accounts_apart, sent, send_fails, refused, hangs_before,
                 rewritten, watching, between_sync_and_listening, no_secret):
        tap.run("events: " + test.__name__.replace("_", " "), test, world)
