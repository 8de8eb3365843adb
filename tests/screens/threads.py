#!/usr/bin/env python3
"""Threads in the real program: which of their messages is meant, in a list and
on their page. See program.py for the usage."""

from program import demo, main, row_of, said, test


def go_to(terminal, subject):
    """The cursor of the list on the row of that subject."""
    screen = terminal.wait(lambda s: row_of(s, subject) > 0)
    number = row_of(screen, subject)
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


main()
