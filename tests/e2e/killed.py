"""kill -9 at random instants of a first fetch, then run again: the local
state equals the server (P1, P2)."""

import random
import time

from harness import lines_equal, message

MESSAGES = 300
KILLS = 100
SECONDS = 150  # on a machine that is slow today fewer, but never less than
LEAST = 20


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


def all_tests(tap, world):
    tap.run(f"killed {KILLS} times in a first fetch", killed_often, world)
