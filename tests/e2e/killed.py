"""kill -9 at random instants of a sync, then run again: the local
state equals the server (P1, P2)."""

import random
import time

from harness import lines_equal, message

MESSAGES = 300
KILLS = 100
SECONDS = 150  # on a machine that is slow today fewer, but never less than
LEAST = 20

CHANGED = 200  # messages whose flags change
TURNS = 2
KILLS_A_TURN = 8

PUSHED = 12  # messages of each kind that change in a turn
PUSH_TURNS = 4  # the first one is left alone
PUSH_KILLS = 5
KINDS = ("star", "junk", "gone", "ours")


def fill(world):
    kim = world.mailbox("kim")
    for number in range(MESSAGES):
        flags = "(\\Seen)" if number % 3 == 0 else ""
        kim.append(message(f"kill {number}", to="kim@example.org",
                           body=f"line {number}\r\n" * (number % 50 + 1)),
                   flags=flags)


def whole_files(home, there):
    """Each file is a whole message of the server, none twice (P2)."""
    bodies = [data for _, _, data in there.values()]
    seen = []
    for name, ours in home.files("kim/INBOX").items():
        match = [data for data in bodies if lines_equal(data, ours)]
        assert match, f"{name} is no whole message: {ours[:200]!r}"
        seen.append(match[0])
    assert len(seen) == len(set(seen)), "a message is there twice"


def killed_often(world):
    seed = int(time.time())
    print(f"# seed {seed}", flush=True)
    rng = random.Random(seed)
    fill(world)
    there = world.mailbox("kim").messages()
    whole = world.home("kim-undisturbed", ["kim"]).ok("sync").seconds
    home = world.home("kim", ["kim"])
    end = time.monotonic() + SECONDS
    kills = 0
    while kills < KILLS and (kills < LEAST or time.monotonic() < end):
        kills += 1
        process = home.start("sync")
        time.sleep(rng.uniform(0.02, whole))
        process.kill()
        process.communicate()
        whole_files(home, there)
    print(f"# killed {kills} times", flush=True)
    home.ok("sync")
    whole_files(home, there)
    assert len(home.files("kim/INBOX")) == MESSAGES
    rows = home.search("folder:kim/INBOX")
    assert set(rows) == set(there)
    for subject, (_, flags, _) in there.items():
        assert ("\\Seen" in flags) == ("unread" not in rows[subject]["tags"])
    assert world.mailbox("kim").messages() == there


def named(home):
    """Subject to the flags in the name of its file; each is there once."""
    names = {}
    for name, ours in home.files("lee/INBOX").items():
        subject = ours.split(b"Subject: ")[1].split(b"\n")[0].strip()
        assert subject not in names, f"{subject} is there twice"
        names[subject] = "".join(sorted(name.partition(":2,")[2]))
    return names


def killed_renaming(world):
    """Flags change there and files are renamed while the sync goes on."""
    rng = random.Random(int(time.time()))
    lee = world.mailbox("lee")
    for number in range(CHANGED):
        lee.append(message(f"flag {number}", to="lee@example.org"))
    home = world.home("lee", ["lee"])
    home.ok("sync")
    whole = home.ok("sync").seconds
    for turn in range(TURNS):
        lee.imap.select("INBOX")
        lee.imap.store("1:*", "+FLAGS" if turn % 2 == 0 else "-FLAGS",
                       "(\\Seen \\Flagged)")
        for _ in range(KILLS_A_TURN):
            process = home.start("sync")
            time.sleep(rng.uniform(0.02, whole * 2))
            process.kill()
            process.communicate()
            assert len(named(home)) == CHANGED
        home.ok("sync")
        want = "FS" if turn % 2 == 0 else ""
        wrong = {k: v for k, v in named(home).items() if v != want}
        assert not wrong, f"turn {turn}: {wrong}"
        home.ok("check")
    rows = home.search("folder:lee/INBOX")
    assert len(rows) == CHANGED


def named_of(turn, kind):
    return {f"{kind} turn{turn} n{n}" for n in range(PUSHED)}


def change_here(home, turn):
    """Flags, moves, deletions and uploads; no server hears of them yet."""
    home.ok("tag", "+flagged", f"subject:star and subject:turn{turn}")
    home.ok("move", "Junk", f"subject:junk and subject:turn{turn}")
    home.ok("delete", "--force", f"subject:gone and subject:turn{turn}")
    for subject in named_of(turn, "ours"):
        name = subject.replace(" ", ".")
        with open(f"{home.mail}/mia/INBOX/new/{name}", "xb") as file:
            file.write(message(subject, to="mia@example.org"))


def pushed_all(home, mia, turn):
    """What is wanted is there and here, once."""
    inbox, junk = mia.messages(), mia.messages("Junk")
    turns = range(turn + 1)
    stars = set().union(*(named_of(t, "star") for t in turns))
    ours = set().union(*(named_of(t, "ours") for t in turns))
    later = [named_of(t, kind) for t in range(turn + 1, PUSH_TURNS)
             for kind in KINDS[:3]]
    assert set(inbox) == stars | ours | set().union(*later)
    assert set(junk) == set().union(*(named_of(t, "junk") for t in turns))
    starred = {k for k, v in inbox.items() if "\\Flagged" in v[1]}
    assert starred == stars
    for folder, there in ("INBOX", inbox), ("Junk", junk):
        files = home.files(f"mia/{folder}").values()
        here = sorted(data.split(b"Subject: ")[1].split(b"\n")[0].strip()
                      for data in files)
        assert here == sorted(subject.encode() for subject in there)
        rows = home.search(f"folder:mia/{folder}")
        assert set(rows) == set(there)
        tagged = {k for k, v in rows.items() if "flagged" in v["tags"]}
        assert tagged == (stars if folder == "INBOX" else set())
    home.ok("check")


def until_changed(process, mailbox):
    """The server has done something that may not have been heard of yet."""
    before = mailbox.imap.select("INBOX", readonly=True)
    while process.poll() is None and before == \
            mailbox.imap.select("INBOX", readonly=True):
        pass


def killed_pushing(world):
    """Changes of ours are told to the server, whenever the end comes."""
    seed = int(time.time())
    rng = random.Random(seed)
    mia = world.mailbox("mia")
    for turn in range(PUSH_TURNS):
        for kind in KINDS[:3]:
            for subject in sorted(named_of(turn, kind)):
                mia.append(message(subject, to="mia@example.org"))
    home = world.home("mia", ["mia"])
    home.ok("sync")
    whole = 0
    for turn in range(PUSH_TURNS):
        change_here(home, turn)
        for kill in range(PUSH_KILLS if turn else 0):
            process = home.start("sync")
            if kill < PUSH_KILLS - 2:
                until_changed(process, mia)
            else:
                time.sleep(rng.uniform(0.02, whole))
            process.kill()
            process.communicate()
        seconds = home.ok("sync").seconds
        whole = whole if turn else seconds
        try:
            pushed_all(home, mia, turn)
        except AssertionError:
            print(f"# seed {seed}, turn {turn}", flush=True)
            raise


def all_tests(tap, world):
    tap.run("killed while changes are pushed", killed_pushing, world)
    tap.run("killed while files are renamed", killed_renaming, world)
    tap.run(f"killed {KILLS} times in a first fetch", killed_often, world)
