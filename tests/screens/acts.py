#!/usr/bin/env python3
"""Acts from a message's page. See program.py for the usage."""

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


main()
