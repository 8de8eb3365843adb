#!/usr/bin/env python3
"""Threads in the real program: which of their messages is meant, in a list and
on their page. See program.py for the usage."""

import re
import tempfile

from program import demo, main, row_of, said, test, told


def go_to(terminal, subject):
    """The cursor of the list on the row of that subject."""
    number = row_of(terminal.wait_text(subject), subject)
    terminal.type(f"{number}\r")
    terminal.wait(lambda s: f" {number}/" in said(s))


@test
def the_row_says_whom_a_reply_is_to():
    """In a list, r is for the message that the row and Enter show, which is the
    newest of a thread, not the one that began it; @ and f too."""
    with demo() as terminal:
        go_to(terminal, "Migration window")
        terminal.type("r")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and any("To  Ben Okafor" in row for row in s))
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("@")
        terminal.wait(lambda s: s[0].startswith(" Sender")
                      and "Ben Okafor" in s[1])
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("f")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and any("Thanks for the quick turnaround" in row
                              for row in s))


def marked(screen):
    """The row of the page with the mark of the current message; "": there is
    none, or, as on a screen half drawn, more than one."""
    rows = [row for row in screen[1:-1] if row.startswith("▌")]
    return rows[0] if len(rows) == 1 else ""


@test
def what_is_acted_on_is_seen():
    """On the page of a thread the message that keys are for is marked, and is
    one that is seen, wherever the page was scrolled to: first, last, by lines;
    the cursor of the terminal is there."""
    with demo() as terminal:
        go_to(terminal, "Access request")
        terminal.keys("Enter")
        terminal.wait(lambda s: marked(s).startswith("▌Priya"))
        terminal.type("zR")
        terminal.wait(lambda s: marked(s).startswith("▌Priya")
                      and any("5 of 7" in row for row in s))
        terminal.type("gg")
        terminal.wait(lambda s: marked(s).startswith("▌Sofia")
                      and any("1 of 7" in row for row in s)
                      and terminal.cursor() == (0, row_of(s, "▌Sofia"), True))
        terminal.type("r")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and any("To  Sofia Rossi" in row for row in s))
        terminal.type("q")
        terminal.wait(lambda s: marked(s).startswith("▌Sofia"))
        terminal.type("8j")  # her message is above the page then
        terminal.wait(lambda s: marked(s).startswith("▌Liam"))
        terminal.type("G")
        terminal.wait(lambda s: marked(s).startswith("▌Priya")
                      and any("7 of 7" in row for row in s))
        terminal.type("@")
        terminal.wait(lambda s: s[0].startswith(" Sender") and "Priya" in s[1])


@test
def what_was_found_is_acted_on():
    with demo() as terminal:
        go_to(terminal, "Access request")
        terminal.keys("Enter")
        terminal.wait(lambda s: marked(s).startswith("▌Priya"))
        terminal.type("zRgg")
        terminal.wait(lambda s: marked(s).startswith("▌Sofia"))
        terminal.type("/Reading\r")
        terminal.wait(lambda s: "Reading is enough." in s[1])
        terminal.type("@")
        terminal.wait(lambda s: s[0].startswith(" Sender")
                      and "Ana Lindqvist" in s[1])


@test
def each_draft_has_its_row():
    """Two replies to one thread are two rows among the drafts, each with its
    own subject, and Enter goes on with that one."""
    with demo() as terminal:
        go_to(terminal, "Access request")
        for subject in ("first answer", "second answer"):
            terminal.type("r")
            terminal.wait(lambda s: s[0].startswith(" Review"))
            terminal.type(f":draft-set subject '{subject}'\r")
            terminal.wait(lambda s, new=subject: any(
                f"Subject  {new}" in row for row in s[:6]))
            terminal.type("p")
            terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("gd")
        screen = terminal.wait(
            lambda s: s[0].startswith(" Drafts")
            and all(any(f"{which} answer" in row for row in s)
                    for which in ("first", "second")))
        terminal.type(f"{row_of(screen, 'second answer')}\r")
        terminal.wait(lambda s: any(row.startswith("▌") and "second" in row
                                    for row in s))
        terminal.keys("Enter")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and any("Subject  second answer" in row
                              for row in s[:6]))


@test
def a_long_header_is_read_whole():
    """A long subject and address take more rows, of many readers those that
    have room are named and the rest counted; H shows each field whole."""
    readers = ", ".join(f"Reader{n} <r{n}@example.org>" for n in range(30))
    with demo() as terminal, \
            tempfile.NamedTemporaryFile("w", suffix=".eml") as file:
        file.write("From: " + "Very " * 14 + "Long <long@far.example>\n"
                   f"To: {readers}\nSubject: {'word ' * 20}the end\n"
                   "Date: Mon, 23 Nov 2026 06:11:00 +0000\n\ntext\n")
        file.flush()
        terminal.type(f":import --folder Archive {file.name}\r")
        told(terminal, "1 message imported")
        terminal.type(":open --folder Archive\r")
        terminal.wait(lambda s: s[0].startswith(" Archive")
                      and "word word" in s[1])
        terminal.keys("Enter")
        terminal.wait(lambda s: s[1].startswith(" word word")
                      and s[2].endswith(" the end")
                      and s[4].endswith("Long <long@far.example>")
                      and re.match(r" to Reader0, .* \+\d\d$", s[5]))
        terminal.type("H")
        terminal.wait(lambda s: any("r29@example.org" in row for row in s))


main()
