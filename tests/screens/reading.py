#!/usr/bin/env python3
"""The page of a message: its lines, what is selected of them, its links and its
files. See program.py for the usage."""

import email.utils
import os
import re
import tempfile

from program import demo, main, test, told

LONG_QUOTES = "".join(f"> a quote of seventy columns or so, number {n}, that is "
                      "broken\n" for n in range(10))


@test
def long_lines_wrap_or_not():
    with demo() as terminal:
        terminal.type("gglza")
        told(terminal, "fold is not for this page")
        wrapped = terminal.settle()
        terminal.type("zw")
        terminal.wait(lambda s: s[4:] != wrapped[4:])
        terminal.type("zw")
        terminal.wait(lambda s: s[4:-1] == wrapped[4:-1])


@test
def selected_lines_are_quoted_and_copied():
    with demo(ready=True, env={"EDITOR": "true", "VISUAL": ""}) as terminal:
        terminal.type("/Migration window\r")
        terminal.wait(lambda s: "found" in s[0])
        terminal.keys("Enter")
        terminal.wait_text("close, but there are three things")
        terminal.type("Vjj")
        screen = terminal.wait(lambda s: "quote them" in s[-1])
        assert "Esc end" in screen[-1], screen
        terminal.keys("Escape")
        terminal.wait(lambda s: "quote them" not in s[-1])
        terminal.type("Vj")
        terminal.type("yt")
        told(terminal, "Copied the text")
        terminal.type("Vj")
        terminal.wait(lambda s: "quote them" in s[-1])
        terminal.type("r")
        screen = terminal.wait(lambda s: s[0].startswith(" Review"))
        quoted = [row.strip() for row in screen if row.startswith(" >")]
        assert len(quoted) == 2 and "three things" in quoted[1], screen
        terminal.type("p")
        terminal.wait_text("close, but there are three things")
        terminal.type("r")  # nothing is selected any more: all is quoted
        screen = terminal.wait(lambda s: s[0].startswith(" Review"))
        quoted = [row for row in screen if row.startswith(" >")]
        assert len(quoted) > 4, screen


def marked(terminal):
    """The text of the rows with the ground of what is selected."""
    rows = [re.sub("\x1b\\[[0-9;]*m", "", row)
            for row in terminal.screen(colours=True) if "48;5;237m" in row]
    return " ".join(" ".join(rows).split())


@test
def selected_lines_stay_in_another_width():
    """The same text is selected, whichever lines it is in, and whether or not
    the quotes above are folded; also when it ends on an empty line."""
    with tempfile.NamedTemporaryFile("w", suffix=".eml") as file:
        file.write("From: ben@example.org\nSubject: quotes above\n"
                   f"Date: {email.utils.formatdate()}\n\n{LONG_QUOTES}\n"
                   + "".join(f"text {n} of some length\n\n" for n in range(60)))
        file.flush()
        with demo() as terminal:
            terminal.type("/Migration window\r")
            terminal.wait(lambda s: "found" in s[0])
            terminal.keys("Enter")
            terminal.wait_text("close, but there are three things")
            terminal.type("Vjj")
            stays(terminal, "Thanks for the quick turnaround", "before Friday:")
            terminal.type(f"gi:import --folder home {file.name}\r")
            terminal.wait_text("quotes above")
            terminal.type("gg\r")
            terminal.wait_text("text 1 of")
            terminal.type(" Vjjj")
            stays(terminal, "text ", "of some length")
            terminal.keys("Escape")
            terminal.wait(lambda s: not marked(terminal))
            terminal.type("gg")
            terminal.wait_text("quotes above")
            terminal.type(" Vj")
            stays(terminal, "text ", "of some length")


def stays(terminal, begin, end):
    terminal.wait(lambda s: marked(terminal).startswith(begin)
                  and marked(terminal).endswith(end))
    text = marked(terminal)
    for columns in (50, 120, 40, 80):
        terminal.resize(columns, 24)
        terminal.wait(lambda s: marked(terminal) == text)


def marks(screen):
    return len([row for row in screen if "✓" in row[:4]])


@test
def what_is_selected_outlives_a_question():
    """Marked while a command asks, and still when it gets no answer, or one
    that it cannot use."""
    with demo(ready=True) as terminal:
        terminal.type("xx")
        terminal.wait(lambda s: "2 selected" in s[-1])
        for key, asks, answer in (("t", "Tags", "Escape"),
                                  ("s", "Move to", "Escape"),
                                  ("s", "Move to", "Enter")):
            terminal.type(key)
            screen = terminal.wait(lambda s: s[-1].startswith(asks))
            assert marks(screen) == 2, screen
            terminal.keys(answer)
            terminal.wait(lambda s: "2 selected" in s[-1])
        terminal.type("w")
        terminal.wait(lambda s: s[-1].startswith("Until"))
        terminal.type("nonsense\r")
        screen = terminal.wait(lambda s: not s[-1].startswith("Until"))
        assert marks(screen) == 2, screen
        terminal.type("t")
        terminal.wait(lambda s: s[-1].startswith("Tags"))
        terminal.type("+todo\r")
        screen = terminal.wait(lambda s: "Tagged 2" in s[-1])
        assert marks(screen) == 0, screen


@test
def the_panel_of_files_has_the_cursor():
    """Also where not all files have room; without files it offers nothing to do
    with them."""
    with demo(80, 12) as terminal:
        row = next(i for i, line in enumerate(terminal.settle())
                   if "Slides and numbers" in line)
        terminal.type(f"{row}\r\rv")
        terminal.wait(lambda s: any("numbers.csv" in line for line in s))
        terminal.resize(80, 8)
        terminal.wait(lambda s: len(s) == 8  # until it is drawn anew, it is cut
                      and any("1  slides-final" in line for line in s)
                      and any("Save to" in line for line in s)
                      and not any("notes.txt" in line for line in s))
        terminal.type("4")
        terminal.wait(lambda s: any("4  notes.txt" in line for line in s)
                      and any("Save to" in line for line in s))
        terminal.keys("Escape")
        terminal.wait(lambda s: not any("Save to" in line for line in s))
        terminal.resize(80, 12)
        terminal.type("qgg\rv")
        screen = terminal.wait_text("has no files")
        assert not any("save" in line for line in screen), screen


@test
def message_keys():
    with demo() as terminal:
        terminal.type("8j")
        terminal.keys("Enter")
        terminal.wait_text("Saturday 02:00-06:00")
        terminal.type("zM")
        terminal.wait_gone("Saturday 02:00-06:00")
        terminal.type("zRgg")
        terminal.wait_text("Would that work for everyone?")
        terminal.type("/catch-up\r")
        terminal.wait_text("catch-up")
        terminal.type("n")
        told(terminal, "%")
        terminal.type("P")
        terminal.type("ya")
        told(terminal, "Copied ana@lindqvist.example")
        terminal.type("zh")
        terminal.wait_text("Message-ID:")
        terminal.type("H")
        terminal.wait_gone("Message-ID:")
        terminal.type("zr")
        terminal.wait_text("Content-Type:")
        terminal.type("zr")
        terminal.type("@")
        terminal.wait(lambda s: s[0].startswith(" Sender"))
        terminal.type("q")
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))


@test
def locked_until_x():
    with demo() as terminal:
        terminal.keys("Enter")
        terminal.wait_text("locked")
        terminal.type("1\r")
        told(terminal, "locked")
        terminal.type("X")
        terminal.wait_text("Unlocked by you")


@test
def files_view_save_and_pipe():
    with demo() as terminal:
        home = os.path.join(terminal.folder, "home", "Downloads")
        terminal.keys("j", "j", "j", "j", "Enter")
        terminal.wait_text("Both attached")
        terminal.type("v2s")
        told(terminal, "Saved ~/Downloads/numbers.csv")
        assert os.listdir(home) == ["numbers.csv"]
        terminal.type("S")
        told(terminal, "4 files")
        assert len(os.listdir(home)) == 5, os.listdir(home)
        terminal.type("4")
        terminal.keys("Enter")
        terminal.wait(lambda s: s[0].startswith(" notes.txt"))
        terminal.type("q")
        # The panel is there again, with the cursor where it was.
        terminal.wait(lambda s: any("Save to" in row and "notes.txt" in row
                                    for row in s))
        # Also behind a prompt that is left, and behind what a program prints.
        terminal.type("|")
        terminal.wait_text("Pipe to:")
        terminal.keys("Escape")
        terminal.wait_text("Save to")
        terminal.type("|")
        terminal.wait_text("Pipe to:")
        terminal.type("wc -c\r")
        terminal.wait(lambda s: s[0].startswith(" wc")
                      and not any("Save to" in row for row in s))
        terminal.type("q")
        terminal.wait(lambda s: any("Save to" in row and "notes.txt" in row
                                    for row in s))
        terminal.type("q")
        terminal.wait_gone("Save to")
        terminal.wait_text("Both attached")
        terminal.type("|")
        terminal.wait_text("Pipe to:")
        terminal.type("grep Subject:\r")
        terminal.wait(lambda s: any("Subject: Slides" in row for row in s))


@test
def copies_to_the_clipboard():
    """OSC 52: tmux keeps what the program copies in a buffer of its own."""
    with demo() as terminal:
        terminal.command("set", "-s", "set-clipboard", "on")
        for keys, text in (("ya", "alerts@bank.example"),
                           ("ys", "URGENT: your account will be closed")):
            terminal.type(keys)
            told(terminal, "Copied")
            terminal.wait(lambda _, t=text:
                          terminal.command("show-buffer") == t)
        terminal.type("yy")
        told(terminal, "Copied mid:")


main()
