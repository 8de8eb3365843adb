#!/usr/bin/env python3
"""Searching in the real program: as one types, within a list, completed, wrong,
and kept. See program.py for the usage."""

import re

from program import demo, main, said, test, told


@test
def searches_have_names():
    with demo(ready=True) as terminal:
        terminal.type("gq")
        told(terminal, "No search has a name yet")
        terminal.type(":saved-search\r")
        told(terminal, "No search has a name yet: saved-search --keep")
        terminal.type("/subject:invoice\r")
        terminal.wait(lambda s: "found" in s[0])
        terminal.type(":keep-search\r")
        terminal.wait_text("Name of this search:")
        terminal.type("bills\r")
        told(terminal, "Kept: bills finds subject:invoice")
        terminal.type("qgq")
        terminal.wait_text("Saved search:")
        terminal.wait_text("subject:invoice")
        terminal.type("bil\t\r")
        terminal.wait(lambda s: s[0].startswith(" bills  subject:invoice"))
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("gq")
        terminal.wait_text("Saved search:")
        terminal.keys("Enter")  # there is only one
        terminal.wait(lambda s: s[0].startswith(" bills  subject:invoice"))
        terminal.type("/query:bills -tag:nothing\r")
        terminal.wait(lambda s: "query:bills" in s[0]
                      and re.search(r"· [1-9]\d* found", s[0]))
        terminal.type(":saved-search round query:round\r")
        terminal.type("/query:round\r")
        terminal.wait_text("the saved search round asks for itself")
        terminal.keys("Escape", "Escape")
        terminal.type(":saved-search\r")
        terminal.wait_text("bills")


@test
def a_search_is_completed():
    """Behind a prefix Tab goes through what is there; where there is nothing
    to complete it changes what is searched: all mail, or the list below."""
    with demo(ready=True) as terminal:
        terminal.type("/tag:tra")
        screen = terminal.wait(lambda s: "Tab next" in s[-2])
        assert any("tag:travel" in row for row in screen[-4:]), screen
        terminal.type("\t")
        terminal.wait(lambda s: s[-1].startswith("/tag:travel")
                      and "found" in s[0] and "Tab scope" in s[-2])
        terminal.type("-from:sof")
        terminal.wait_text("from:sofia.rossi@")
        terminal.type("\t")
        terminal.wait(lambda s: s[-1].startswith("/tag:travel -from:sofia.rossi@")
                      and "-from:sofia.rossi@" in s[0] and "found" in s[0])
        terminal.type("\r")
        terminal.wait(lambda s: "keys" in s[-1] and len(found(s)) > 2
                      and all("travel" in row and "Sofia" not in row
                              for row in found(s)))
        terminal.type("\\date:")
        terminal.wait(lambda s: "the last 7 days" in "".join(s))
        terminal.keys("BTab")
        terminal.wait(lambda s: "date:..365d" in s[-1])
        terminal.type("\x15subject:flights")
        terminal.wait(lambda s: "(or all mail)" in s[-2]
                      and s[0].startswith(" Search  (tag:travel ")
                      and "flights) · " in s[0]
                      and [row.split()[0] for row in found(s)] == ["Tomáš"])
        terminal.type("\t")
        terminal.wait(lambda s: "(or these results)" in s[-2]
                      and s[0].startswith(" Search  subject:flights · 4 found")
                      and len(found(s)) == 4
                      and all("flights" in row for row in found(s)))


def found(screen):
    """The rows of a list while a search is typed, without their marks."""
    return [row[4:] for row in screen[1:-2] if row[4:].strip()]


@test
def within_nothing_is_everywhere():
    """`\\` in a list that no words were searched for asks what is typed alone."""
    with demo(ready=True) as terminal:
        terminal.type("/\r")
        terminal.wait(lambda s: s[0].startswith(" Search")
                      and "keys" in s[-1])
        terminal.type("\\subject:flights")
        screen = terminal.wait(lambda s: "flights" in s[0] and "found" in s[0])
        assert screen[0].startswith(" Search  subject:flights"), screen


@test
def a_wrong_search_is_not_kept():
    """What is wrong with it stands beside it, the rows stay those of the last
    that was good, and Enter waits for another; nothing typed, nothing wrong."""
    with demo(ready=True) as terminal:
        terminal.type("/is:unread")
        terminal.wait(lambda s: "found" in s[0] and "is:unread" in s[0])
        terminal.type(" or")
        terminal.wait_text("nothing to search for")
        terminal.type("\r")
        terminal.type(" is:flagged")
        terminal.wait(lambda s: "is:unread or is:flagged" in s[0]
                      and "found" in s[0])
        terminal.type("\r")
        terminal.wait(lambda s: "keys" in s[-1])
        terminal.type("/date:someday")
        terminal.wait_text("is not understood")
        terminal.keys("C-u")
        terminal.wait(lambda s: not any("understood" in row for row in s))
        terminal.wait_text("Words, or from:")
        terminal.keys("Escape")
        terminal.wait(lambda s: "is:unread or is:flagged" in s[0])


@test
def a_search_follows_the_index():
    """What an act makes a search find stands in it without a key; where a
    message lies, and until when it is away, is said in the row."""
    with demo(ready=True) as terminal:
        terminal.type("gw")
        terminal.wait(lambda s: "0 found" in s[0])
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        for n in (1, 2):  # the view is there before the index has it
            terminal.type("w+2h\rgw")
            terminal.wait(lambda s, n=n: f"· {n} found" in s[0])
            screen = terminal.settle()
            assert "until " in screen[n] and "until " not in screen[n + 1], \
                screen
            terminal.type("q")
            terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("/Kernel results\r")
        terminal.wait(lambda s: "found" in s[0]
                      and any(" Archive " in row for row in s[1:-1]))


@test
def select_by_search():
    with demo(ready=True) as terminal:
        terminal.type("*")
        terminal.wait_text("Select by search:")
        terminal.type("from:priya\r")
        screen = told(terminal, "Selected")
        marked = [row for row in screen[1:-1] if row.startswith("✓")]
        assert any("Priya" in row for row in marked), screen
        terminal.type("a")
        told(terminal, "Archived")
        terminal.wait(lambda s: not any(
            "Priya Raghunathan " in row for row in s[1:-1]))


@test
def matches_of_the_last_search():
    with demo(ready=True) as terminal:
        terminal.type("/from:grace\r")
        terminal.wait(lambda s: "found" in s[0])
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("n")
        terminal.wait(lambda s: any(row.startswith("▌") and "Grace" in row
                                    for row in s))
        first = said(terminal.settle()).split()[-1]
        terminal.type("n")
        terminal.wait(lambda s: not said(s).endswith(f" {first}"))
        terminal.type("N")
        terminal.wait(lambda s: said(s).endswith(f" {first}"))


@test
def the_word_being_typed_is_a_beginning():
    """While it is typed it finds what begins so, and the title says what was
    typed; Enter asks for it as it is."""
    with demo(ready=True) as terminal:
        terminal.type("/invoi")
        terminal.wait(lambda s: re.search(r"  invoi · [1-9]\d* found", s[0])
                      and "nvoice" in s[1])
        terminal.keys("Enter")
        terminal.wait(lambda s: "invoi " in s[0]
                      and not re.search(r"· [1-9]\d* found", s[0]))
        terminal.type("/from:grac")
        terminal.wait(lambda s: "from:grac " in s[0])
        terminal.keys("Escape")


@test
def escape_leaves_a_search():
    """Esc forgets what is selected in the results, then the search; a place
    such as all mail it does not leave."""
    with demo() as terminal:
        terminal.type("3\r")
        terminal.wait(lambda s: said(s).endswith(" 3/64"))
        terminal.type("/from:priya\r")
        terminal.wait(lambda s: s[0].startswith(" Search")
                      and "found" in s[0] and "Priya" in s[1])
        terminal.type("x")
        terminal.wait(lambda s: "1 selected" in said(s))
        terminal.keys("Escape")
        terminal.wait(lambda s: "selected" not in said(s)
                      and s[0].startswith(" Search"))
        terminal.keys("Escape")
        terminal.wait(lambda s: s[0].startswith(" Inbox")
                      and said(s).endswith(" 3/64"))
        terminal.type("ga")
        terminal.wait(lambda s: s[0].startswith(" All mail"))
        terminal.type(":no-such-command\r")  # said until the next key
        told(terminal, "no-such-command")
        terminal.wait(lambda s: not said(s).startswith(":"))
        terminal.keys("Escape")
        terminal.wait(lambda s: "no-such-command" not in said(s))
        terminal.type("x")
        terminal.wait(lambda s: s[0].startswith(" All mail")
                      and "1 selected" in said(s))


@test
def text_is_found_on_a_page_that_does_not_scroll():
    """n and N go from match to match, and the cursor of the terminal with them;
    beyond the last they say that there is no other."""
    with demo() as terminal:
        terminal.type("4\r")
        terminal.wait(lambda s: said(s).endswith(" 4/64"))
        terminal.keys("Enter")
        screen = terminal.wait(lambda s: "Your invoice" in s[1]
                               and said(s).endswith("All"))
        rows = [i for i, row in enumerate(screen) if "weekly" in row.lower()]
        assert len(rows) >= 3, screen
        terminal.type("n")
        told(terminal, "Nothing was searched yet")
        terminal.type("/weekly\r")
        terminal.wait(lambda s: terminal.cursor()[1] == rows[0])
        for key, row in (("n", rows[1]), ("n", rows[2]), ("N", rows[1]),
                         ("N", rows[0])):
            terminal.type(key)
            terminal.wait(lambda s, row=row: terminal.cursor()[1] == row)
        terminal.type("N")
        told(terminal, "No other match that way.")
        terminal.type("/nowhere\r")
        told(terminal, "Not found.")


main()
