#!/usr/bin/env python3
"""The real program in a real terminal: golden screens, and the checks of the
design (screens, section 12). Prints TAP. `--write` makes the golden screens
anew. Usage: screens.py POSTHORN [--write] [NAME…]"""

import os
import random
import re
import signal
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from terminal import Terminal, column_of, width  # noqa: E402

POSTHORN = os.path.abspath(sys.argv[1])
WRITE = "--write" in sys.argv
HERE = os.path.dirname(os.path.abspath(__file__))
WIDTHS = (40, 60, 80, 120, 200)
TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def demo(columns=80, rows=24, env=None, messages=400, more=""):
    terminal = Terminal(
        f"{POSTHORN} demo --messages {messages} --at 2026-11-23T06:12:00Z "
        f"{more}", columns, rows, env)
    terminal.wait(lambda s: any("Yuki" in line for line in s))
    terminal.settle()
    return terminal


def golden(name, screen):
    """Compares with the kept screen; differences are printed."""
    path = os.path.join(HERE, "golden", name + ".txt")
    text = "\n".join(screen).rstrip("\n") + "\n"
    if WRITE:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(path, encoding="utf-8") as file:
        kept = file.read()
    if kept == text:
        return
    lines = [f"{name} differs from golden/{name}.txt"]
    old, new = kept.split("\n"), text.split("\n")
    for number in range(max(len(old), len(new))):
        a = old[number] if number < len(old) else "(no row)"
        b = new[number] if number < len(new) else "(no row)"
        if a != b:
            lines += [f"{number:3} kept: {a}", f"{number:3}  now: {b}"]
    raise AssertionError("\n".join(lines))


def subjects(screen):
    """The rows of the list, without their first columns and the date."""
    return [re.sub(r"\s+", " ", row[4:60]) for row in screen[1:-1]]


@test
def golden_list():
    for columns in WIDTHS:
        with demo(columns, 24 if columns < 120 else 40) as terminal:
            golden(f"list-{columns}", terminal.settle())


@test
def golden_thread():
    with demo() as terminal:
        terminal.type("/subject:migration")
        terminal.wait_text("Marta")
        terminal.settle()
        terminal.keys("Enter")
        terminal.wait_gone("/subject")
        terminal.keys("Enter")
        terminal.wait_text("ops")
        golden("thread-80", terminal.settle())


@test
def golden_message():
    for columns in WIDTHS:
        with demo(columns, 24 if columns < 120 else 40) as terminal:
            terminal.wait_text("Priya Ragh" if columns > 50 else "Priya")
            for _ in range(4):
                terminal.keys("j")
            terminal.keys("Enter")
            terminal.wait_text("Both attached")
            golden(f"message-{columns}", terminal.settle())


@test
def golden_phishing():
    with demo() as terminal:
        terminal.keys("Enter")
        terminal.wait_text("bank.example")
        screen = terminal.settle()
        assert any("Not from bank.example" in row for row in screen), screen
        assert any("evil.test" in row for row in screen), screen
        golden("phishing-80", screen)


@test
def golden_search():
    for columns in (80, 120):
        with demo(columns) as terminal:
            terminal.type("/migration")
            terminal.wait_text("/migration")
            terminal.wait(lambda s: any("Search" in row for row in s[:1]))
            time.sleep(0.5)
            screen = [re.sub(r"\d+ ms", "N ms", row)
                      for row in terminal.settle()]
            golden(f"search-{columns}", screen)


@test
def golden_prompt_and_help():
    with demo() as terminal:
        terminal.type(":t")
        terminal.wait_text("tag")
        golden("prompt-80", terminal.settle())
        terminal.keys("Escape")
        terminal.wait_gone(":t")
        terminal.type("?")
        terminal.wait_text("rchive")
        golden("help-80", terminal.settle())


@test
def golden_which_key():
    with demo() as terminal:
        terminal.type("g")
        terminal.wait_text("go to")
        golden("which-80", terminal.settle())
        terminal.keys("Escape")
        terminal.wait_gone("go to")


@test
def check_1_five_keys_archive_five():
    with demo() as terminal:
        before = terminal.settle()
        terminal.type("aaaaa")
        terminal.wait_text("Archived")
        after = terminal.settle()
        gone = [s for s in subjects(before)[:5]]
        kept = subjects(before)[5]
        assert subjects(after)[0] == kept, after
        for subject in gone:
            assert subject not in subjects(after), subject
        terminal.type("uuuuu")
        terminal.wait(lambda s: subjects(s)[:15] == subjects(before)[:15])
        assert terminal.cursor()[1] == 1, terminal.cursor()


@test
def check_2_paste_is_no_command():
    letters = "".join(random.Random(7).choice(
        "abcdefghijklmnopqrstuvwxyzADSTU!#$.;") for _ in range(200))
    with demo() as terminal:
        before = terminal.settle()
        terminal.paste(letters)
        terminal.keys("j", "k")
        after = terminal.settle()
        assert subjects(before) == subjects(after), after
        assert not terminal.ended()


@test
def check_3_every_size():
    with demo() as terminal:
        for columns in (40, 60, 80, 100, 120, 160, 200, 300):
            for rows in (10, 24, 50):
                terminal.resize(columns, rows)
                screen = terminal.wait(
                    lambda s, c=columns, r=rows: len(s) == r
                    and any("keys" in row or "?" in row for row in s[-1:])
                    or r < 12)
                screen = terminal.settle()
                for row in screen:
                    assert width(row) <= columns, (columns, rows, row)
                assert "Inbox" in screen[0], (columns, rows, screen)
                assert any("Yuki" in row for row in screen), \
                    (columns, rows, screen)
        for _ in range(25):
            for columns, rows in ((1, 1), (200, 50), (17, 3), (80, 24)):
                terminal.resize(columns, rows)
        terminal.wait_text("Yuki")
        assert not terminal.ended()


@test
def check_4_nasty_subjects_align():
    """Rows of all scripts end at the same column: the date is right aligned."""
    with demo() as terminal:
        for _ in range(3):
            screen = terminal.settle()
            for row in screen[1:-1]:
                match = re.search(
                    r"(\d\d:\d\d|Mon|Tue|Wed|Thu|Fri|Sat|Sun|"
                    r"\d+ [A-Z][a-z][a-z]|20\d\d)$", row)
                if row.strip() and match:
                    end = column_of(row, match.group(1)) \
                        + len(match.group(1))
                    assert end == 79, (end, row)
            terminal.keys("C-f")


@test
def check_5_silent_server():
    """A server that accepts and never answers: keys answer, quitting too."""
    server = subprocess.Popen(
        [sys.executable, "-c", "import socket,time\n"
         "s=socket.socket();s.bind(('127.0.0.1',0));s.listen(9)\n"
         "print(s.getsockname()[1],flush=True)\nk=[]\n"
         "while True:k.append(s.accept())"], stdout=subprocess.PIPE)
    try:
        port = int(server.stdout.readline())
        config = (
            "account silent {\n address ana@example.org\n"
            f" incoming imap+insecure://ana@127.0.0.1:{port}\n"
            " password x\n}\n")
        folder = subprocess.run(["mktemp", "-d"], capture_output=True,
                                text=True, check=True).stdout.strip()
        path = os.path.join(folder, "posthorn.conf")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w",
                  encoding="utf-8") as file:
            file.write(config)
        with Terminal(f"{POSTHORN} -c {path}") as terminal:
            terminal.wait(lambda s: any("keys" in row for row in s))
            terminal.type("?")
            terminal.wait_text("archive", 20)
            terminal.keys("Escape")
            terminal.type("j")
            begin = time.monotonic()
            terminal.type("Q")
            terminal.wait_end(20)
            # Generous beside the promise of 1 s: machines are busy.
            assert time.monotonic() - begin < 10
    finally:
        server.kill()
        server.wait()


@test
def check_6_answers_are_no_commands():
    with demo() as terminal:
        before = terminal.settle()
        for answer in (b"\x1b[<64;5;3M", b"\x1b[?62;22c", b"\x1b[24;80R",
                       b"\x1b]11;rgb:0000/aaaa/dddd\x1b\\",
                       b"\x1b]52;c;YWFh\x07", b"\x1bP>|tmux 3.3a\x1b\\",
                       b"\x1b[27;5;97~", b"\x1b[?2026;2$y", b"\x1b[M !!",
                       b"\x1b_Gi=31;OK\x1b\\"):
            terminal.raw(answer)
        time.sleep(0.3)
        after = terminal.settle()
        assert subjects(before) == subjects(after), after
        assert not any("rchived" in row or "Trash" in row
                       for row in after[-1:]), after


@test
def check_7_cursor_on_the_row():
    with demo() as terminal:
        for _ in range(3):
            terminal.keys("j")
        terminal.wait(lambda _: terminal.cursor() == (0, 4, True))
        screen = terminal.screen()
        assert screen[4].startswith("▌"), screen


@test
def check_8_no_colour_and_ascii():
    with demo(env={"NO_COLOR": "1"}) as terminal:
        text = "\n".join(terminal.screen(colours=True))
        for codes in re.findall(r"\x1b\[([0-9;]*)m", text):
            for code in (int(c or 0) for c in codes.split(";")):
                assert not (30 <= code <= 49 or 90 <= code <= 107), codes
    terminal = Terminal(
        f"{POSTHORN} demo --messages 200 --at 2026-11-23T06:12:00Z",
        env={"LC_ALL": "C", "LANG": "C"})
    with terminal:
        terminal.wait_text("Yuki")
        text = "\n".join(terminal.settle())
        assert all(ord(char) <= 0x7e for char in text), text
        golden("list-80-ascii", terminal.screen())


def shell_after(kill):
    """stty and modes of a terminal whose program was killed."""
    with Terminal("sh") as terminal:
        terminal.type("stty -a > $TMPDIR/before\n")
        terminal.type(f"{POSTHORN} demo --messages 200\n")
        terminal.wait_text("Yuki")
        children = subprocess.run(
            ["pgrep", "-P", str(terminal.pid())], capture_output=True,
            text=True, check=True).stdout.split()
        os.kill(int(children[0]), kill)
        terminal.wait(lambda _: terminal.value("#{alternate_on}") == "0")
        terminal.type("stty -a > $TMPDIR/after; echo don''e\n")
        terminal.wait_text("done")
        with open(os.path.join(terminal.folder, "before"),
                  encoding="utf-8") as file:
            before = file.read()
        with open(os.path.join(terminal.folder, "after"),
                  encoding="utf-8") as file:
            after = file.read()
        assert before == after, (before, after)


@test
def check_9_terminal_is_restored():
    shell_after(signal.SIGTERM)
    shell_after(signal.SIGABRT)


@test
def suspend_and_resume():
    with Terminal("sh") as terminal:
        terminal.type(f"{POSTHORN} demo --messages 200\n")
        terminal.wait_text("Yuki")
        terminal.keys("C-z")
        terminal.wait(lambda _: terminal.value("#{alternate_on}") == "0")
        terminal.type("fg\n")
        terminal.wait_text("Yuki")
        terminal.keys("j")
        terminal.wait(lambda _: terminal.cursor()[1] == 2)


def frames(path, start=0):
    """What was written in each frame that changed anything."""
    with open(path, "rb") as file:
        data = file.read()[start:]
    return re.findall(rb"\x1b\[\?2026h(.+?)\x1b\[\?2026l", data, re.DOTALL)


@test
def frame_budget():
    """Check 12: little is written for one move of the cursor, and a burst of
    keys is drawn once. A busy machine may cut the burst into a few pieces, and
    the top row tells how far the index is; neither makes a frame of each key."""
    with demo(120, 40, messages=2000) as terminal:
        terminal.type("j" * 10)
        terminal.settle()
        path = terminal.record()
        terminal.type("j")
        terminal.wait(lambda s: " 12/" in s[-1])
        terminal.settle()
        one = frames(path)
        assert 0 < sum(map(len, one)) < 2048, one
        size = os.path.getsize(path)
        terminal.type("j" * 1000)
        terminal.wait(lambda s: " 12/" not in s[-1])
        terminal.settle()
        burst = frames(path, size)
        assert 0 < len(burst) <= 20, len(burst)


@test
def quit_needs_q_twice():
    with demo() as terminal:
        terminal.keys("Escape")
        terminal.keys("q")
        terminal.settle()
        assert not terminal.ended()
        terminal.keys("q")
        terminal.wait_end()
        assert terminal.status() == "0", terminal.status()
        assert not terminal.reports(), terminal.reports()


@test
def without_a_terminal_the_demo_prints_its_inbox():
    done = subprocess.run(
        [POSTHORN, "demo", "--messages", "200", "--at",
         "2026-11-23T06:12:00Z"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "Yuki Tanaka" in done.stdout, done.stdout


def main():
    wanted = [arg for arg in sys.argv[2:] if not arg.startswith("--")]
    tests = [t for t in TESTS if not wanted or t.__name__ in wanted]
    print(f"1..{len(tests)}", flush=True)
    for number, function in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} {function.__name__}", flush=True)
        except Skip as reason:
            print(f"ok {number} {function.__name__} # SKIP {reason}",
                  flush=True)
        except Exception:  # pylint: disable=broad-except
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {number} {function.__name__}", flush=True)


main()
