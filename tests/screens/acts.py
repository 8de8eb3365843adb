#!/usr/bin/env python3
"""Acts from a message's page. See program.py for the usage."""

import tempfile

from program import demo, main, said, test, told


@test
def nothing_is_done_twice():
    """d on a page whose message lies in the trash says so, and adds nothing
    that undo would take back: one u brings the message back."""
    with demo() as terminal:
        terminal.keys("Enter")
        terminal.wait(lambda s: "1/64" in s[0] and s[1].startswith(" URGENT"))
        terminal.type("d")
        told(terminal, "Moved 1 message to Trash.")
        terminal.type("d")
        screen = told(terminal, "Nothing to move: already in Trash.")
        assert "u undo" not in said(screen), screen
        terminal.type("u")
        told(terminal, "Undone: Moved 1 message")
        terminal.type("u")
        told(terminal, "Nothing to undo")
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox  16 unread")
                      or s[0].startswith(" Inbox  15 unread · 64"))


def after_the_act(terminal, act, key, expected):
    """Opens the message of row 4, acts on it, and presses a key."""
    terminal.type("4\r")
    terminal.wait(lambda s: " 4/" in said(s))
    terminal.keys("Enter")
    terminal.wait_text("Your invoice for October")
    terminal.type(act)
    terminal.wait(lambda s: "1 message to" in said(s))
    terminal.type(key)
    terminal.wait(lambda s: expected in s[1])


@test
def the_next_one_is_not_skipped():
    """The message of a page is filed: J and Space go to the one that was below
    it, K to the one above, also when undo brought it back meanwhile."""
    for act, key, expected in (("a", "J", "Slides and numbers"),
                               ("d", " ", "Slides and numbers"),
                               ("d", "K", "Quick favour")):
        with demo() as terminal:
            after_the_act(terminal, act, key, expected)
    with demo() as terminal:
        after_the_act(terminal, "d", "u", "Your invoice")
        told(terminal, "Undone")
        terminal.type("K")
        terminal.wait(lambda s: "Quick favour" in s[1])
        terminal.type("J")
        terminal.wait(lambda s: "Your invoice" in s[1])
        terminal.type("J")
        terminal.wait(lambda s: "Slides and numbers" in s[1])


@test
def undo_goes_to_what_came_back():
    """The cursor is on the message that undo brought back, wherever it had
    gone since."""
    with demo() as terminal:
        terminal.type("4\r")
        terminal.wait(lambda s: " 4/64" in said(s) and "invoice" in s[4])
        terminal.type("d")
        told(terminal, "1 message to Trash")
        terminal.type("G")
        terminal.wait(lambda s: said(s).endswith(" 63/63"))
        terminal.type("u")
        terminal.wait(lambda s: any(row.startswith("▌") and "invoice" in row
                                    for row in s))


@test
def help_is_a_page():
    """:help lists the commands, :help COMMAND tells all about one; a word that
    is none is answered with the nearest."""
    with demo() as terminal:
        terminal.type(":help\r")
        terminal.wait(lambda s: s[0].startswith(" Help")
                      and any("Usage: posthorn [" in row for row in s))
        terminal.type("q:help archive\r")
        terminal.wait(lambda s: s[0].startswith(" Help")
                      and s[1].startswith(" Usage: posthorn archive"))
        terminal.type("q:help archiv\r")
        told(terminal, "did you mean archive?")


@test
def what_is_selected_is_piped():
    """Selected messages go to a program one behind the other, in their order,
    also those that the cursor is not on."""
    with demo() as terminal:
        terminal.type("xx")
        terminal.wait(lambda s: "2 selected" in said(s))
        terminal.type("|")
        terminal.wait(lambda s: said(s).startswith("Pipe to"))
        terminal.type("grep ^From:\r")
        screen = terminal.wait(lambda s: s[0].startswith(" grep")
                               and "Yuki" in s[2])
        assert "Your Bank" in screen[1], screen
        assert screen[3].strip() == "", screen
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.wait(lambda s: "selected" not in said(s))
        terminal.type("1\r")
        terminal.wait(lambda s: " 1/" in said(s))
        terminal.type("|")
        terminal.wait(lambda s: said(s).startswith("Pipe to"))
        terminal.type("grep ^From:\r")
        terminal.wait(lambda s: s[0].startswith(" grep")
                      and "Your Bank" in s[1] and not s[2].strip())


@test
def what_is_too_large_is_not_piped():
    """A program gets all of it or nothing, and which is said in words; what is
    selected stays so where nothing was done."""
    with demo() as terminal, \
            tempfile.NamedTemporaryFile("w", suffix=".eml") as file:
        file.write("From: ana@example.org\nSubject: the large one\n"
                   "Date: Mon, 23 Nov 2026 06:11:00 +0000\n\n")
        for _ in range(66):
            file.write(("x" * 63 + "\n") * (1 << 14))
        file.flush()
        terminal.type(f":import --folder Archive {file.name}\r")
        told(terminal, "1 message imported")
        terminal.type(":open --folder Archive\r")
        terminal.wait(lambda s: s[0].startswith(" Archive")
                      and any("the large one" in row for row in s))
        terminal.type("x|")
        terminal.wait(lambda s: said(s).startswith("Pipe to"))
        terminal.type("wc -c\r")
        terminal.wait(lambda s: s[1].startswith("✓") and
                      "Not piped: more than 64 MB. `export`" in said(s))
        terminal.keys("Escape")
        terminal.wait(lambda s: s[1].startswith(" ") and "keys" in said(s))
        terminal.type("x|")
        terminal.wait(lambda s: said(s).startswith("Pipe to"))
        terminal.type("wc 'c\r")
        terminal.wait(lambda s: s[2].startswith("✓")
                      and "a quote is open" in said(s))


main()
