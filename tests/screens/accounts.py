#!/usr/bin/env python3
"""Several accounts on the screen: whose mail it is, who writes. See program.py
for the usage."""

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


main()
