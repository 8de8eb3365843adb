#!/usr/bin/env python3
"""The real program in a real terminal: the checks of the design (screens,
section 12). See program.py for the usage."""

import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from program import HERE, POSTHORN, demo, main, run, said, subjects, test
from terminal import Terminal, column_of, width


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
                terminal.wait(lambda s, r=rows: len(s) == r
                              and "Inbox" in s[0]
                              and (r < 12 or "keys" in s[-1])
                              and any("Yuki" in row for row in s))
                screen = terminal.settle()
                for row in screen:
                    assert width(row) <= columns, (columns, rows, row)
                row = next(row for row in screen if "Yuki" in row)
                assert "来週" in row, (columns, rows, row)
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
            terminal.wait_text("archive")
            terminal.keys("Escape")  # with the next key it would be Alt
            terminal.wait_gone("Esc close")
            terminal.type("j")
            begin = time.monotonic()
            terminal.type("Q")
            terminal.wait_end()
            # The server would be given up after 60 s; the promise is 1 s.
            assert time.monotonic() - begin < 40
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
            os.kill(terminal.pid(), signal.SIGSTOP)
            terminal.raw(answer)
            os.kill(terminal.pid(), signal.SIGCONT)
            terminal.settle()
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
                # 39 and 49 are the terminal's own: tmux adds them.
                assert code in (39, 49) or not (30 <= code <= 49
                                                or 90 <= code <= 107), codes
    terminal = Terminal(
        f"{POSTHORN} demo --messages 200 --at 2026-11-23T06:12:00Z",
        env={"LC_ALL": "C", "LANG": "C"})
    with terminal:
        terminal.wait_text("Yuki")
        text = "\n".join(terminal.settle())
        assert all(ord(char) <= 0x7e for char in text), text


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


def manual_keys():
    """(context, keys, command, help) of the tables, and every command."""
    text = run("help", "--manual").stdout
    commands = set(re.findall(r"^#### (\S+)$", text, re.M))
    context, found = "", []
    for line in text[text.index("\n## Keys\n"):].splitlines():
        heading = re.match(r"### (\S+)$", line)
        if heading:
            context = heading.group(1)
        row = re.match(r"\| `(.+?)` \| `(.+)` \| (.*) \|$", line)
        if row:
            found.append((context, *row.groups()))
    return found, commands


def preset_keys():
    folder = os.path.join(HERE, "..", "..", "src", "core")
    for name in ("mutt", "vim", "gmail"):
        path = os.path.join(folder, f"keys-{name}.conf")
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = shlex.split(line, comments=True)
                if words:
                    yield name, words


@test
def check_10_keymap_lint():
    """No key twice in a context, every one says what it does and does a command
    that there is; presets keep the way out."""
    found, commands = manual_keys()
    assert len(found) > 100 and len(commands) > 60, (found, commands)
    seen = set()
    for context, keys, command, help_text in found:
        assert (context, keys) not in seen, (context, keys)
        seen.add((context, keys))
        assert help_text.strip(), (context, keys)
        assert command.split()[0] in commands, (context, keys, command)
    n = 0
    for preset, words in preset_keys():
        assert words[:2][0] == "bind" and words[1] == "--group", words
        assert words[3] == "--help" and words[4], words
        assert words[6] not in ("?", ":", "/", "Esc", "q", "Tab"), \
            (preset, words)
        assert any(word in commands for word in words[7:9]), (preset, words)
        n += 1
    assert n > 20, n


@test
def check_11_hints_and_errors():
    """The row of hints names the way to all keys; an error the way on."""
    with demo(40, 24, ready=True) as terminal:
        for keys in ("", "\r", "q8j\r", "qgA", "qgo", "q"):
            terminal.type(keys)
            terminal.wait(lambda s: "? keys" in said(s))
    with demo(120, 24) as terminal:
        for wrong, way in (
                ("archve", "archive"), ("open --folder nowhere", "folder"),
                ("bind list Foo archive", "write a letter"),
                ("set theme purple", "auto"), ("set nosuch 1", "nosuch"),
                ("order", "order"), ("view 9", "view")):
            terminal.type(f":{wrong}\r")
            terminal.wait(lambda s, w=way: w in said(s)
                          and not s[-1].startswith(":"))
            terminal.type("k")  # no Escape: what is typed behind it joins it
            terminal.wait(lambda s: "? keys" in said(s))


@test
def check_12_one_frame_for_a_burst():
    """A thousand keys that wait are one frame; a step writes little."""
    with demo(messages=1500, ready=True) as terminal:
        terminal.type("ga")
        terminal.wait(lambda s: re.search(r" 1/\d{4}$", said(s)))
        path = terminal.record()
        program = terminal.pid()
        os.kill(program, signal.SIGSTOP)
        terminal.type("j" * 1000)
        os.kill(program, signal.SIGCONT)
        terminal.wait(lambda s: re.search(r" 1001/", said(s)))
        terminal.settle()
        with open(path, "rb") as file:
            assert file.read().count(b"\x1b[?2026h") <= 2
        before = os.path.getsize(path)
        terminal.type("k")
        terminal.wait(lambda s: re.search(r" 1000/", said(s)))
        terminal.settle()
        assert os.path.getsize(path) - before < 2048


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


@test
def quit_needs_q_twice():
    with Terminal("sh") as terminal:
        terminal.type(f"{POSTHORN} demo --messages 200; echo ended: $?\n")
        terminal.wait_text("Yuki")
        terminal.keys("q")
        terminal.wait_text("q again quits")
        terminal.keys("q")
        terminal.wait_text("ended: 0")
        assert not terminal.reports(), terminal.reports()


def demo_inbox(*words, **env):
    done = subprocess.run(
        [POSTHORN, "demo", "--messages", "200", "--at",
         "2026-11-23T06:12:00Z", *words], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, **env})
    assert done.returncode == 0, done.stderr
    return done.stdout


@test
def without_a_terminal_the_demo_prints_its_inbox():
    assert "Yuki Tanaka" in demo_inbox()


@test
def the_demo_is_the_same_each_time():
    assert demo_inbox() == demo_inbox()


@test
def the_demo_touches_nothing_of_the_user():
    """A configuration that cannot be read, mail, an index: not looked at."""
    home = tempfile.mkdtemp(prefix="posthorn-home-")
    try:
        for path, text in (
                (".config/posthorn/posthorn.conf", "nonsense {\n"),
                (".local/share/posthorn/state.db", "no database\n")):
            path = os.path.join(home, path)
            os.makedirs(os.path.dirname(path))
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        before = everything_in(home)
        demo_inbox(HOME=home, XDG_CONFIG_HOME=home + "/.config",
                   XDG_DATA_HOME=home + "/.local/share",
                   XDG_CACHE_HOME=home + "/.cache", XDG_RUNTIME_DIR=home)
        assert everything_in(home) == before, everything_in(home)
    finally:
        shutil.rmtree(home)


def everything_in(folder):
    """Names and contents."""
    found = {}
    for top, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.join(top, name)] = None
        for name in files:
            with open(os.path.join(top, name), "rb") as file:
                found[os.path.join(top, name)] = file.read()
    return found


@test
def the_demo_has_of_everything():
    """What newcomers and the other tests find in it."""
    with demo(ready=True) as terminal:
        for query in ("mimetype:text/html", "has:attachment",
                      "tag:unread", "tag:flagged", "tag:replied",
                      "from:parcel", "from:weekly",
                      "subject:PATCH", "from:yuki", "from:王小明",
                      "from:김민수", "subject:Göteborg", "auth:fail"):
            terminal.type(f":count {query}\r")
            screen = terminal.wait(lambda s: re.match(r" \d+\b", said(s)))
            assert not re.match(r" 0\b", said(screen)), (query, said(screen))
            terminal.keys("Escape")
            terminal.wait(lambda s: not re.match(r" \d+\b", said(s)))


@test
def the_demo_sends_to_itself():
    with demo() as terminal:
        terminal.type(":set undo-send 0\r")
        terminal.type(":compose --to me@far.example --subject \"To myself\"\r")
        terminal.wait_text("not sent yet")
        terminal.type("y")
        terminal.wait(lambda s: any("To myself" in row and "Inbox" not in row
                                    for row in s) and s[0].startswith(" Inbox"))


main()
