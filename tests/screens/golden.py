#!/usr/bin/env python3
"""Golden screens: the demo as it is seen, at the widths of the design. See
program.py for the usage."""

import os
import shutil
import tempfile

from program import POSTHORN, WIDTHS, demo, golden, main, test
from terminal import Terminal


def rows_for(columns):
    return 12 if columns < 60 else 24 if columns < 120 else 40


@test
def golden_list():
    for columns in WIDTHS:
        with demo(columns, rows_for(columns), ready=True) as terminal:
            golden(f"list-{columns}", terminal.settle())


@test
def golden_list_low():
    """Below twelve rows there are no hints; the top row stands in."""
    with demo(80, 10, ready=True) as terminal:
        golden("list-80x10", terminal.settle())
        terminal.type("a")
        terminal.wait_text("Archived")
        golden("list-80x10-told", terminal.settle())


@test
def golden_ascii():
    with demo(env={"LC_ALL": "C", "LANG": "C"}, ready=True) as terminal:
        golden("list-80-ascii", terminal.settle())
        terminal.keys("Enter")
        terminal.wait_text("Not from")
        golden("phishing-80-ascii", terminal.settle())


@test
def golden_message():
    for columns in WIDTHS:
        with demo(columns, rows_for(columns), ready=True) as terminal:
            terminal.keys("j", "j", "j", "j", "Enter")
            terminal.wait(lambda s: "5/" in s[0])
            terminal.wait_text("Both attached")
            golden(f"message-{columns}", terminal.settle())


@test
def golden_thread():
    for columns in WIDTHS:
        with demo(columns, 40, ready=True) as terminal:
            terminal.type("8j")
            terminal.keys("Enter")
            terminal.wait_text("Sounds good")
            golden(f"thread-{columns}", terminal.settle())
            terminal.type("zM")
            terminal.wait_gone("Saturday 02:00-06:00")
            golden(f"thread-{columns}-folded", terminal.settle())


@test
def golden_phishing():
    with demo(ready=True) as terminal:
        terminal.keys("Enter")
        terminal.wait_text("Not from bank.example")
        screen = terminal.settle()
        assert any("goes to evil.test" in row for row in screen), screen
        assert any("Links and attachments are locked" in row
                   for row in screen), screen
        golden("phishing-80", screen)
        terminal.type("X")
        terminal.wait_text("Unlocked by you")
        golden("phishing-80-unlocked", terminal.settle())


@test
def golden_sender():
    """The page about a sender (U2); it may be checked again."""
    with demo(rows=30, ready=True) as terminal:
        terminal.keys("Enter")
        terminal.wait_text("Not from bank.example")
        terminal.type("@")
        terminal.wait_text("Lookups")
        golden("sender-80", terminal.settle())
        terminal.type("v")
        terminal.wait_text("Lookups")
        golden("sender-80", terminal.settle())


@test
def golden_suspicious():
    """Who is not who he says, in one list."""
    with demo(rows=30, ready=True) as terminal:
        terminal.type("`")
        terminal.wait_text("Suspicious")
        terminal.type("j" * 12)
        terminal.wait(lambda s: any(row.startswith("▌  Suspicious")
                                    for row in s))
        terminal.keys("Enter")
        terminal.wait(lambda s: "Suspicious" in s[0])
        terminal.wait_text("Parcel Service")
        golden("suspicious-80", terminal.settle())


@test
def golden_search():
    for columns in WIDTHS:
        with demo(columns, rows_for(columns), ready=True) as terminal:
            terminal.type("/subject:migration")
            terminal.wait(lambda s: "found" in s[0])
            golden(f"search-{columns}", terminal.settle())


@test
def golden_search_empty():
    with demo(ready=True) as terminal:
        terminal.type("/xyzzyplugh")
        terminal.wait_text("Nothing matches")
        golden("search-80-nothing", terminal.settle())
        terminal.keys("C-u")
        terminal.type("\"unclosed")
        terminal.wait_text("an unclosed quote")
        golden("search-80-bad", terminal.settle())


@test
def golden_prompt():
    for columns in WIDTHS:
        with demo(columns, rows_for(columns), ready=True) as terminal:
            terminal.type(":t")
            terminal.wait_text("Add or remove t")
            golden(f"prompt-{columns}", terminal.settle())


@test
def golden_help():
    for columns in WIDTHS:
        with demo(columns, rows_for(columns), ready=True) as terminal:
            terminal.type("?")
            terminal.wait_text("Filter:")
            golden(f"help-{columns}", terminal.settle())
            terminal.type("arch")
            terminal.wait_text("Filter: arch")
            golden(f"help-{columns}-filtered", terminal.settle())


@test
def golden_which_key():
    for prefix in ("g", "z", "y", "o"):
        with demo(ready=True) as terminal:
            terminal.type(prefix)
            terminal.wait(lambda s, p=prefix: any(f"─ {p}  " in row
                                                  for row in s))
            golden(f"which-80-{prefix}", terminal.settle())


@test
def golden_sidebar():
    with demo(ready=True) as terminal:
        terminal.type("`")
        terminal.wait_text("linux-mm")
        golden("sidebar-80", terminal.settle())


@test
def golden_preview():
    for columns in (120, 200):
        with demo(columns, 40, ready=True) as terminal:
            terminal.type("p" if columns < 160 else "j")
            terminal.wait_text("Not from bank" if columns < 160
                               else "Yuki Tanaka <")
            golden(f"split-{columns}", terminal.settle())


@test
def golden_files():
    with demo(ready=True) as terminal:
        terminal.keys("j", "j", "j", "j", "Enter")
        terminal.wait_text("Both attached")
        terminal.type("v2")
        terminal.wait_text("~/Downloads/numbers.csv")
        golden("files-80", terminal.settle())


@test
def golden_toast():
    with demo(ready=True) as terminal:
        terminal.type("xjxa")
        terminal.wait_text("Archived 2")
        golden("toast-80", terminal.settle())
        terminal.type("Z")
        terminal.wait_text("is not used here")
        golden("unknown-key-80", terminal.settle())


@test
def golden_review():
    """The draft's text is the editor's, which changes nothing."""
    with demo(ready=True) as terminal:
        terminal.type("8jR")
        terminal.wait_text("not sent yet")
        golden("review-80", terminal.settle())


@test
def golden_activity():
    with demo(ready=True) as terminal:
        terminal.type("gA")
        terminal.wait_text("Accounts")
        golden("activity-80", terminal.settle()[:13])
        terminal.type("qgo")
        terminal.wait_text("nothing waits")
        golden("outbox-80", terminal.settle())


@test
def golden_empty():
    with demo(ready=True) as terminal:
        terminal.type("g2")
        terminal.wait_text("empty")
        golden("empty-80", terminal.settle())


@test
def golden_offline():
    with demo(ready=True) as terminal:
        terminal.type("O")
        terminal.wait_text("ffline")
        terminal.keys("Escape")
        golden("offline-80", terminal.settle())


@test
def golden_no_account():
    """Nothing configured: the program opens all the same and says what to do."""
    with Terminal(POSTHORN) as terminal:
        terminal.wait_text("keys")
        golden("no-account-80", terminal.settle())


@test
def golden_error():
    """A server that is not there: its name and the way out stay in view."""
    folder = tempfile.mkdtemp(prefix="posthorn-golden-")
    try:
        path = os.path.join(folder, "posthorn.conf")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w",
                  encoding="utf-8") as file:
            file.write("account isp {\n address ana@example.org\n"
                       " incoming imap+insecure://ana@127.0.0.1:9\n"
                       " password x\n}\n")
        with Terminal(f"{POSTHORN} -c {path}") as terminal:
            terminal.wait_text("isp offline since")
            golden("error-80", terminal.settle())
    finally:
        shutil.rmtree(folder)


main()
