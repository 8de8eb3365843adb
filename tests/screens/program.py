"""What every screens test needs: the demo in a terminal, golden screens, the
tests by name, TAP. `--write` makes the golden screens anew. Usage of each file
of tests: FILE POSTHORN [--write] [NAME…]"""

import os
import re
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from terminal import Terminal  # noqa: E402

POSTHORN = os.path.abspath(sys.argv[1])
WRITE = "--write" in sys.argv
HERE = os.path.dirname(os.path.abspath(__file__))
WIDTHS = (40, 60, 80, 120, 200)
AT = "2026-11-23T06:12:00Z"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def demo(columns=80, rows=24, env=None, messages=400, more="", ready=False,
         clock=f"--at {AT}", before=""):
    """The demo with its inbox on the screen; ready: and the rest of its mail
    written and indexed, so that nothing changes any more. Its clock stands
    still unless clock is empty."""
    terminal = Terminal(
        f"{POSTHORN} {before} demo --messages {messages} {clock} {more}",
        columns, rows, env)
    try:
        terminal.wait(lambda s: any("Yuki" in line for line in s))
        if ready:
            indexed(terminal, messages)
        terminal.settle()
    except BaseException:
        terminal.close()
        raise
    return terminal


def indexed(terminal, messages):
    """Waits until the index knows them all: `count` asks it."""
    end = time.monotonic() + 300
    while True:
        terminal.type(":count *\r")
        screen = terminal.wait(lambda s: re.match(r" \d+\b", said(s)))
        if re.match(rf" {messages}\b", said(screen)):
            break
        assert time.monotonic() < end, f"never indexed: {said(screen)}"
        time.sleep(0.5)
    terminal.keys("Escape")
    terminal.wait(lambda s: not re.match(r" \d+\b", said(s)))


def said(screen):
    """The bottom row; on a low screen of 80 columns half of the top one."""
    return screen[-1] if len(screen) >= 12 else screen[0][40:]


def told(terminal, text):
    """The bottom row says so."""
    return terminal.wait(lambda s: text in said(s))


def row_of(screen, text):
    """The number of the row that holds text; IndexError: none, which a waiting
    look goes on from."""
    return [i for i, row in enumerate(screen) if text in row][0]


def subjects(screen):
    """The rows of the list, without their first columns and the date."""
    return [re.sub(r"\s+", " ", row[4:60]) for row in screen[1:-1]]


def _steady(row):
    """Without what time and speed write into it."""
    row = re.sub(r"(✓|\+|since) \d\d:\d\d", r"\1 06:12", row)
    row = re.sub(r"\d\d:\d\d:\d\d", "HH:MM:SS", row)
    return re.sub(r"\d+ ms\b +", "N ms  ", row)


def golden(name, screen):
    """Compares with the kept screen; differences are printed."""
    path = os.path.join(HERE, "golden", name + ".txt")
    text = "\n".join(_steady(row) for row in screen).rstrip("\n") + "\n"
    if WRITE:
        os.makedirs(os.path.dirname(path), exist_ok=True)
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


def run(*words, **more):
    """The program without a screen."""
    return subprocess.run([POSTHORN, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300,
                          check=False, **more)


def main():
    wanted = [arg for arg in sys.argv[2:] if not arg.startswith("--")]
    tests = [t for t in TESTS if not wanted or t.__name__ in wanted]
    print(f"1..{len(tests)}", flush=True)
    for number, function in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} {function.__name__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {number} {function.__name__}", flush=True)
