"""POP3: the real program against Dovecot, and against servers that do one
thing wrong. Each message is fetched once, nothing is deleted there early."""

import json
import os
import random
import re
import subprocess
import time

import fake
import fake_pop3
from harness import Home, message, real, until

ACCOUNT = """{before}
account {name} {{
    address      {name}@example.org
    incoming     "{incoming}"
    password     "{password}"
    tls-ca-file  {ca}
{more}
}}
"""

USER = "pat"
KILL_MESSAGES = 600
KILLS = 50


def home_of(world, name, incoming, more="", before="", ca=None):
    """A home with one account of the same name."""
    return Home(world.posthorn, world.servers.path("homes", "pop3-" + name),
                ACCOUNT.format(name=name, incoming=incoming, more=more,
                               before=before, password=real.PASSWORD,
                               ca=ca or world.servers.certificates.ca))


def dovecot_home(world, name, more="", before="", scheme="pop3s"):
    port = world.servers.pop3s if scheme == "pop3s" else world.servers.pop3
    return home_of(world, name, f"{scheme}://{USER}@localhost:{port}", more,
                   before)


def fake_home(world, name, server, more="", before="",
              scheme="pop3+insecure"):
    return home_of(world, name, f"{scheme}://{USER}@localhost:{server.port}",
                   more, before)


def three(start=1):
    return {f"uid{n}": message(f"p{n}", body=f"line {n}\r\n..\r\n.x\r\n")
            for n in range(start, start + 3)}


def deliver(servers, user, messages):
    """Straight into the server's Maildir."""
    top = servers.path("mail", user)
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(top, part), exist_ok=True)
    for number, data in enumerate(messages):
        name = f"{1600000000 + number}.M{random.getrandbits(60)}.test"
        with open(os.path.join(top, "new", name), "wb") as file:
            file.write(data.replace(b"\r\n", b"\n"))
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup", top], check=True)


def empty(world):
    """The maildrop without a message."""
    box = world.mailbox(USER)
    if box.imap.select("INBOX")[1] == [b"0"]:
        return
    box.imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")
    box.imap.expunge()


def here(home, account, folder="INBOX"):
    return list(home.files(f"{account}/{folder}").values())


def same(ours, theirs):
    """Each of theirs is here once, and nothing else."""
    assert len(ours) == len(theirs), f"{len(ours)} here, {len(theirs)} there"
    left = [data.replace(b"\r\n", b"\n") for data in theirs]
    for data in ours:
        left.remove(data.replace(b"\r\n", b"\n"))


def there(world):
    return world.mailbox(USER).messages()


def start(world, count=4):
    empty(world)
    messages = [message(f"d{n}", body=f"body {n}\r\n.\r\n..\r\n")
                for n in range(count)]
    for data in messages:
        world.mailbox(USER).append(data)
    return messages


def keep_forever(world):
    """Fetched once, left there; by TLS and by STLS."""
    messages = start(world)
    for scheme in ("pop3s", "pop3"):
        name = "forever" + scheme
        home = dovecot_home(world, name, scheme=scheme)
        home.ok("sync")
        same(here(home, name), messages)
        home.ok("sync")
        same(here(home, name), messages)
        assert len(home.search(f"folder:{name}/INBOX")) == len(messages)
    assert len(there(world)) == len(messages)
    folders = json.loads(home.ok("folders", "--json").out)
    assert folders[0]["one_way"] is True, folders


def keep_no(world):
    messages = start(world)
    home = dovecot_home(world, "no", "    pop-keep no")
    home.ok("sync")
    same(here(home, "no"), messages)
    assert not there(world)
    world.mailbox(USER).append(message("later"))
    home.ok("sync")
    same(here(home, "no"), messages + [message("later")])


def keep_days(world):
    messages = start(world)
    home = dovecot_home(world, "days", "    pop-keep \"30 days\"")
    home.ok("sync")
    same(here(home, "days"), messages)
    assert len(there(world)) == len(messages)
    home.ok("sync")
    assert len(there(world)) == len(messages)


def keep_until_deleted(world):
    """Filed here: stays there. In the trash here: goes there."""
    messages = start(world)
    home = dovecot_home(world, "until", "    pop-keep until-deleted")
    home.ok("sync")
    home.ok("archive", "subject:d0")
    home.ok("trash", "subject:d1")
    home.ok("sync")
    assert set(there(world)) == {"d0", "d2", "d3"}
    same(here(home, "until"), messages[2:])
    same(here(home, "until", "Archive"), messages[:1])
    same(here(home, "until", "Trash"), messages[1:2])
    home.ok("sync")
    same(here(home, "until"), messages[2:])


def rules(world):
    """Delivery by rules: to INBOX, or where a hook moves it."""
    start(world, 1)
    home = dovecot_home(world, "rules", before="""
hook message-arrived --query 'subject:invoice' { move Bills }
""")
    home.ok("sync")  # what was there before the rules is no news
    make_folder(home, "rules/Bills")
    world.mailbox(USER).append(message("invoice 7"))
    world.mailbox(USER).append(message("a letter"))
    home.ok("sync")
    until(lambda: here(home, "rules", "Bills"), 30, "the hook moves it")
    same(here(home, "rules", "Bills"), [message("invoice 7")])
    assert len(here(home, "rules")) == 2


def make_folder(home, path):
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(home.mail, path, part), mode=0o700)
    home.ok("sync")


def size_limit(world):
    """Large ones stay there as headers here, whatever pop-keep says."""
    messages = start(world, 1)
    large = message("large", body="y\r\n" * 20000)
    world.mailbox(USER).append(large)
    world.mailbox(USER).append(message("huge", body="z\r\n" * 30000))
    home = dovecot_home(world, "size", "    pop-keep no\n"
                        "    pop-size-limit 20K")
    home.ok("sync")
    assert set(there(world)) == {"large", "huge"}
    assert len(here(home, "size")) == 1
    shown = home.ok("show", "large").out  # opening it fetches it
    assert shown.count("y") > 19000, shown[:300]
    home.ok("sync")
    assert set(there(world)) == {"huge"}
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, text.replace("20K", "20M"))
    home.ok("sync")
    same(here(home, "size"), messages + [
        large, message("huge", body="z\r\n" * 30000)])
    assert not there(world)


def foreign_program(world):
    """Its folders are ordinary Maildir folders: what another program files or
    deletes there is taken up."""
    start(world, 3)
    home = dovecot_home(world, "other")
    home.ok("sync")
    cur = os.path.join(home.mail, "other", "INBOX", "cur")
    names = sorted(os.listdir(cur))
    os.remove(os.path.join(cur, names[0]))
    os.rename(os.path.join(cur, names[1]),
              os.path.join(cur, names[1].split(":")[0] + ":2,S"))
    home.ok("sync")
    rows = home.search("folder:other/INBOX")
    assert len(rows) == 2, rows
    assert sum("unread" not in row["tags"] for row in rows.values()) == 1
    assert len(there(world)) == 3


def state_lost(world):
    """Without state.db the mail here is known again, not fetched (P79)."""
    messages = start(world, 5)
    home = dovecot_home(world, "lost")
    home.ok("sync")
    for name in os.listdir(home.path("data", "posthorn")):
        if name.startswith("state.db"):
            os.remove(home.path("data", "posthorn", name))
    home.ok("sync")
    same(here(home, "lost"), messages)
    assert len(there(world)) == 5


def wrong_password(world):
    home = home_of(world, "wrong",
                   f"pop3s://{USER}@localhost:{world.servers.pop3s}")
    text = open(home.config, encoding="utf-8").read()
    home.write(home.config, text.replace(real.PASSWORD, "not this"))
    result = home.run("sync")
    assert result.status == 1 and "password" in result.err, result
    assert "not this" not in result.err + result.out


# Servers that do one thing wrong.


def drop_of(world, name, more="", messages=None, **wrong):
    """Runs one sync. Returns the maildrop, the home, the result."""
    drop = fake_pop3.Maildrop(messages or three(), **wrong)
    with fake.Fake(drop.talk) as server:
        home = fake_home(world, name, server, more)
        result = home.run("sync")
    return drop, home, result


def again(home, drop, messages):
    """The same home, the server put right: nothing lost, nothing twice."""
    right = fake_pop3.Maildrop(drop.messages)
    with fake.Fake(right.talk) as server:
        text = open(home.config, encoding="utf-8").read()
        home.write(home.config,
                   re.sub(r"localhost:\d+", f"localhost:{server.port}", text))
        home.ok("sync")
    same(here(home, os.path.basename(home.dir)[5:]), list(messages.values()))
    return right


def fault_missing_dot(world):
    drop, home, result = drop_of(world, "nodot", "    pop-keep no", no_dot=2)
    assert result.status == 1 and "closed" in result.err, result
    assert not drop.deleted
    right = again(home, drop, three())
    assert "uid3" not in right.retrieved, "fetched twice"
    assert sorted(right.deleted) == sorted(three())


def fault_cut_anywhere(world):
    """By FIN and by RST, in the status, the header, the body, the dot."""
    whole = len(three()["uid2"])
    for at, reset in ((0, False), (2, True), (9, False), (25, True),
                      (whole, False), (whole + 15, True), (whole + 18, False)):
        name = f"cut{at}"
        drop, home, result = drop_of(world, name, "    pop-keep no",
                                     cut_in=(2, at), reset=reset)
        assert result.status == 1, result
        for data in here(home, name):
            assert data in three().values(), f"torn: {data!r}"
        again(home, drop, three())


def fault_sizes(world):
    """RETR longer or shorter than announced."""
    for octets in (1, 999999):
        drop, home, result = drop_of(world, f"size{octets}", announce=octets)
        assert result.status == 0, result
        same(here(home, f"size{octets}"), list(three().values()))


def fault_lists_disagree(world):
    """What LIST has and UIDL has not is left there, and said; what UIDL has
    and LIST has not is fetched."""
    drop, home, result = drop_of(world, "disagree",
                                 uidl_lines=["1 uid1", "2 uid2"],
                                 list_lines=["2 10", "3 10"])
    assert result.status == 0, result
    assert "unique id" in result.err, result
    same(here(home, "disagree"), list(three().values())[:2])


def fault_uidl_lists(world):
    """Unique ids that are paths, that repeat, that are nothing at all."""
    messages = {"../../../../evil": message("p1"), "/etc/passwd": message("p2"),
                "x": message("p3")}
    drop, home, result = drop_of(
        world, "evil", "    pop-keep no", messages=messages,
        uidl_lines=["1 ../../../../evil", "2 x\x1b[31m\xff", "3 x"])
    assert result.status == 0, result
    same(here(home, "evil"), list(messages.values()))
    assert not os.path.exists(os.path.join(home.dir, "evil"))
    messages = three()
    drop, home, result = drop_of(world, "repeat", "    pop-keep no",
                                 uidl_lines=["1 a", "2 a", "3 a"])
    assert result.status == 0, result
    same(here(home, "repeat"), list(messages.values()))
    assert len(drop.deleted) == 3


def fault_refusals(world):
    """-ERR to each command in turn: a reason, and no message lost."""
    for command in ("CAPA", "USER", "PASS", "UIDL", "LIST", "TOP", "DELE",
                    "QUIT", ("RETR", 2), ("DELE", 2)):
        name = "err" + "".join(map(str, command)) \
            if isinstance(command, tuple) else "err" + command
        drop, home, result = drop_of(world, name.lower(), "    pop-keep no",
                                     refuse={command: "I would rather not"})
        needed = command not in ("CAPA", "TOP", "UIDL")
        assert (result.status != 0) == needed, f"{command}: {result}"
        if needed and command != "USER":
            assert "rather not" in result.err, f"{command}: {result}"
        again(home, drop, three())


def fault_no_uidl(world):
    """Known by the hash of the header, and said."""
    drop, home, result = drop_of(world, "nouidl",
                                 refuse={"UIDL": "unknown"},
                                 capabilities=["USER", "TOP"])
    assert result.status == 0 and "UIDL" in result.err, result
    same(here(home, "nouidl"), list(three().values()))
    with fake.Fake(drop.talk) as server:
        text = open(home.config, encoding="utf-8").read()
        home.write(home.config,
                   re.sub(r"localhost:\d+", f"localhost:{server.port}", text))
        home.ok("sync")
    assert len(drop.retrieved) == 3, drop.retrieved


def fault_quit_lost(world):
    """A connection lost around QUIT: both outcomes are coped with."""
    for when in ("before", "after"):
        drop, home, result = drop_of(world, "quit" + when, "    pop-keep no",
                                     quit_cut=when)
        assert result.status == 1, result
        assert len(drop.messages) == (3 if when == "before" else 0)
        right = again(home, drop, three())
        assert not right.retrieved, "fetched twice"
        assert not right.messages


def fault_data_after_stls(world):
    """Data behind the yes to STLS ends it, before any name is said (P49)."""
    drop = fake_pop3.Maildrop(three(), capabilities=["STLS", "USER"],
                              early=b"+OK logged in already\r\n",
                              cert=world.servers.certificates.pair("good"))
    with fake.Fake(drop.talk) as server:
        home = fake_home(world, "early", server, scheme="pop3")
        result = home.run("sync")
    assert result.status == 1 and "STARTTLS" in result.err, result
    assert drop.logins == 0 and "USER" not in drop.commands


def fault_no_stls(world):
    """TLS is required and not offered: nothing is said (P48)."""
    drop = fake_pop3.Maildrop(three())
    with fake.Fake(drop.talk) as server:
        home = fake_home(world, "nostls", server, scheme="pop3")
        result = home.run("sync")
    assert result.status == 1 and "STLS" in result.err, result
    assert drop.commands == ["CAPA"], drop.commands


def stls_works(world):
    drop = fake_pop3.Maildrop(three(), capabilities=["STLS", "USER", "UIDL"],
                              cert=world.servers.certificates.pair("good"))
    with fake.Fake(drop.talk) as server:
        home = fake_home(world, "stls", server, scheme="pop3")
        home.ok("sync")
    same(here(home, "stls"), list(three().values()))
    assert drop.commands.count("CAPA") >= 2, "capabilities are asked anew"


def fault_in_use(world):
    """A locked maildrop is waited for, and said."""
    drop, home, result = drop_of(world, "inuse", in_use=1)
    assert result.status == 0 and "in use" in result.err, result
    same(here(home, "inuse"), list(three().values()))
    assert drop.logins == 2


def login_delay(world):
    """The server's wish is obeyed, and said."""
    drop = fake_pop3.Maildrop(three())
    drop.capabilities.append("LOGIN-DELAY 3600")
    with fake.Fake(drop.talk) as server:
        home = fake_home(world, "delay", server)
        home.ok("sync")
        result = home.run("sync")
    assert result.status == 1 and "between logins" in result.err, result
    assert drop.logins == 1


def fault_garbage(world):
    """None of it ends the program otherwise than by an error (P28)."""
    for number, raw in enumerate((
            {"CAPA": b"\x00\xff\r\n"}, {"CAPA": b"+OK\r\n" + b"A" * 100000},
            {"CAPA": b"+OK\r\n" + b"X\r\n" * 1000 + b".\r\n"},
            {"UIDL": b"+OK\r\n1 a\r\n99999999999999999999 b\r\n.\r\n"},
            {"UIDL": b"+OK\r\n" + b"1\r\n" * 9 + b"x\r\n"},
            {"LIST": b"+OK\r\n1 -5\r\n.\r\n"},
            {"RETR": b"+OK\r\n.\r\n" * 2}, {"RETR": b"."},
            {"QUIT": b"what\r\n"})):
        drop, home, result = drop_of(world, f"garbage{number}", raw=raw)
        assert result.status == 1, f"{raw}: {result}"
        assert "\x1b" not in result.err and len(result.err) < 2000, result


def silent(world):
    """Left at once when told to (P35)."""
    with fake.Fake(fake.silent) as server:
        home = fake_home(world, "silent", server)
        process = home.start("sync")
        until(lambda: server.accepted, 30, "it connects")
        begin = time.monotonic()
        process.terminate()
        process.communicate(timeout=30)
        assert time.monotonic() - begin < 5
        assert process.returncode != 0


def bad_certificates(world):
    """None but the right one is spoken to (P50)."""
    for name in ("expired", "other", "cn"):
        pair = world.servers.certificates.pair(name)
        drop = fake_pop3.Maildrop(three())
        with fake.Fake(drop.talk, pair) as server:
            home = fake_home(world, "cert" + name, server, scheme="pop3s")
            result = home.run("sync")
        assert result.status == 1 and "certificate" in result.err, result
        assert not drop.commands, drop.commands


def streams(world):
    """A message of 100 MB takes little more memory than a small one (P32)."""
    peaks = []
    for name, body in (("small", "x\r\n"), ("big", "x" * 998 + "\r\n")):
        data = message(name, body=body * (100000 if name == "big" else 1))
        drop = fake_pop3.Maildrop({"a": data})
        with fake.Fake(drop.talk) as server:
            home = fake_home(world, name, server)
            peaks.append(home.peak("sync", "--no-index"))
        same(here(home, name), [data])
    assert peaks[1] - peaks[0] < 60e6, peaks


def killed_often(world, messages=KILL_MESSAGES, kills=KILLS):
    """Killed on the way, again and again: nothing lost, nothing twice, nothing
    deleted early (P4, P5)."""
    seed = int(time.time())
    print(f"# seed {seed}, {messages} messages", flush=True)
    rng = random.Random(seed)
    empty(world)
    bodies = {f"k{n}": message(f"k{n}", body=f"line {n}\r\n"
                               * (n % 50 + 1)).replace(b"\r\n", b"\n")
              for n in range(messages)}
    deliver(world.servers, USER, bodies.values())
    probe = dovecot_home(world, "whole").ok("sync", "--no-index").seconds
    for keep in ("forever", "no"):
        name = "kill" + keep
        home = dovecot_home(world, name, f"    pop-keep {keep}")
        for _ in range(kills // 2):
            process = home.start("sync", "--no-index")
            time.sleep(rng.uniform(0.02, probe))
            process.kill()
            process.communicate()
            check_kept(world, home, name, bodies)
        home.ok("sync", "--no-index")
        same(here(home, name), list(bodies.values()))
        assert len(there(world)) == (messages if keep == "forever" else 0)


def check_kept(world, home, name, bodies):
    """What is here is whole and once; what is not here is there."""
    known = {data: subject for subject, data in bodies.items()}
    ours = [data.replace(b"\r\n", b"\n") for data in here(home, name)]
    assert all(data in known for data in ours), "a torn message"
    assert len(set(ours)) == len(ours), "a message is there twice"
    missing = set(bodies) - {known[data] for data in ours}
    if missing:
        left = world.mailbox(USER)
        left.imap.select("INBOX", readonly=True)
        count = len(left.imap.search(None, "ALL")[1][0].split())
        assert count >= len(missing), f"{len(missing) - count} are lost"


def all_tests(tap, world):
    for test in (keep_forever, keep_no, keep_days, keep_until_deleted, rules,
                 size_limit, foreign_program, state_lost, wrong_password,
                 fault_missing_dot, fault_cut_anywhere, fault_sizes,
                 fault_lists_disagree, fault_uidl_lists, fault_refusals,
                 fault_no_uidl, fault_quit_lost, fault_data_after_stls,
                 fault_no_stls, stls_works, fault_in_use, login_delay,
                 fault_garbage, silent, bad_certificates, streams):
        tap.run(f"pop3: {test.__name__}", test, world)
    tap.run(f"pop3: killed {KILLS} times", killed_often, world)
