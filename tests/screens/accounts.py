#!/usr/bin/env python3
"""Several accounts on the screen: whose mail it is, who writes. See program.py
for the usage."""

import contextlib
import glob
import sqlite3

from program import POSTHORN, demo, main, test
from terminal import Terminal


@test
def the_account_shown_is_named_and_writes():
    """The top row says whose folder it is, and a new message is from there."""
    with demo() as terminal:
        assert "ana@lindqvist.example" in terminal.screen()[0]
        terminal.type("g2")
        terminal.wait(lambda s: s[0].startswith(" Inbox  empty")
                      and "ana@corp.example" in s[0])
        terminal.type("m")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and any("From" in row and "<ana@corp.example>" in row
                              for row in s))
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox  empty"))
        terminal.type(":mailto mailto:ben@example.org\r")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and any("<ana@corp.example>" in row for row in s))
        terminal.type("qq")
        terminal.wait(lambda s: "unread" in s[0]
                      and "ana@lindqvist.example" in s[0])
        terminal.type("m")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and any("<ana@lindqvist.example>" in row for row in s))


@test
def without_an_account_is_said_how_to_begin():
    """Where one is written, what shows how, and what there is to try."""
    with Terminal(POSTHORN) as terminal:
        terminal.wait_text("There is no account yet.")
        terminal.wait_text("~/.config/posthorn/posthorn.conf")
        terminal.wait_text("posthorn help account")
        terminal.wait_text("posthorn demo")
        terminal.type("qq")
        terminal.wait_end()


@test
def what_is_kept_of_a_folder_is_shown():
    """A folder that is gone on the server and waits for a yes (P16) is in the
    list of folders; one that is a name alone is not."""
    def beside(screen):
        return [row[:23].strip("▌ 0123456789") for row in screen[1:]]

    with demo(columns=120, rows=30) as terminal:
        terminal.wait(lambda s: beside(s).count("Drafts") == 2
                      and "notmuch" in beside(s))
        path, = glob.glob(terminal.folder + "/**/state.db", recursive=True)
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as state:
            named = state.execute("UPDATE folder SET selectable = 0"
                                  " WHERE path LIKE '%/notmuch' AND total > 0"
                                  " OR path LIKE '%/Drafts' AND total = 0")
            assert named.rowcount == 2, named.rowcount
            state.commit()
        terminal.type("d")
        terminal.wait(lambda s: beside(s).count("Drafts") == 1)
        assert "notmuch" in beside(terminal.screen()), terminal.screen()


main()
