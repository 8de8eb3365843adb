#!/usr/bin/env python3
"""The outbox on the screen: what waits, and what its keys do to it. See
program.py for the usage."""

import os
import re
import tempfile

from program import demo, main, said, test, told


def queue(terminal, subject, at=None, text="text\n"):
    """A message to ben, into the outbox."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(text)
        file.flush()
        terminal.type(f":compose --to ben@example.org --subject '{subject}' "
                      f"--body {file.name} --send"
                      + (f" --at '{at}'" if at else ""))
        terminal.wait(lambda s: said(s).startswith(":compose"))
        terminal.keys("Enter")
        told(terminal, "Will be sent at" if at else "Sending in a moment")


def open_outbox(terminal, subject):
    terminal.type("go")
    return terminal.wait(lambda s: s[0].startswith(" Outbox")
                         and any(subject in row for row in s))


@test
def enter_shows_what_waits():
    """Enter in the outbox never sends: it shows the message as it will be sent
    and to whom; a message for a later time still waits for it then."""
    with demo() as terminal:
        queue(terminal, "for later", at="+1h", text="not before then\n")
        screen = open_outbox(terminal, "for later")
        assert "⏎ show" in screen[-1], screen
        terminal.keys("Enter")
        terminal.wait(lambda s: s[0].startswith(" As it will be sent") and all(
            any(wanted in row for row in s)
            for wanted in ("waiting until 2026-11-23 07:12",
                           "waiting  ben@example.org", "Subject: for later",
                           "not before then")))
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Outbox")
                      and any("for later" in row and "until 2026-11-23 07:12"
                              in row for row in s))


@test
def a_later_time_is_plain_words():
    """w on the review page asks for the time, in words without quotes; one that
    is no time, or past, sends nothing and says so."""
    with demo() as terminal, \
            tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("text\n")
        file.flush()
        terminal.type(":compose --to ben@example.org --subject later --body "
                      f"{file.name}\r")
        terminal.wait(lambda s: s[0].startswith(" Review"))
        for words, answer in (("some day", "not sent: write +2h"),
                              ("2026-11-22 09:00", "2026-11-22 09:00 is past"),
                              ("tomorrow 9:00",
                               "Will be sent at 2026-11-24 09:00")):
            terminal.type("w")
            terminal.wait(lambda s: said(s).startswith("Send at ("))
            terminal.type(words + "\r")
            told(terminal, answer)
        open_outbox(terminal, "waiting until 2026-11-24 09:00")


@test
def what_it_waits_for_is_said():
    """The page says how long until a message leaves, and that u undoes it,
    which the activity does not; until when one for later waits; and that it is
    offline which holds it."""
    with demo() as terminal:
        queue(terminal, "for later", at="+1h")
        queue(terminal, "in a moment")
        screen = open_outbox(terminal, "in a moment")
        row = next(row for row in screen if "in a moment" in row)
        assert row.endswith("sends in 10 s  u undo"), screen
        assert any("for later" in row
                   and row.endswith("waiting until 2026-11-23 07:12")
                   for row in screen), screen
        terminal.type("O")
        terminal.wait(lambda s: any("in a moment" in row and "offline" in row
                                    for row in s)
                      and any("for later" in row and "waiting until" in row
                              for row in s)
                      and s[0].endswith(
                          "offline since 06:12 · 2 messages waiting"))
        terminal.type("O")
        terminal.wait(lambda s: s[0].endswith("✓ 06:12"))
        # u means the last act there, whatever it was.
        terminal.type("q:activity\r")
        screen = terminal.wait(lambda s: s[0].startswith(" Activity"))
        row = next(row for row in screen if "in a moment" in row)
        assert row.endswith("sends in 10 s"), screen


@test
def the_seconds_are_counted():
    """How long until a message leaves is counted down on the page without a
    key, where nothing else draws it."""
    with demo(clock="") as terminal:
        terminal.type(":set undo-send 59s\r")
        queue(terminal, "in a moment")
        open_outbox(terminal, "in a moment")
        seen = set()

        def counts(screen):
            row = next((row for row in screen if "in a moment" in row), "")
            left = re.search(r"sends in (\d+) s", row)
            seen.update(left.groups() if left else ())
            return len(seen) > 6
        terminal.wait(counts)


def archive_one(terminal):
    """An act on a message, which undo of the list takes back."""
    terminal.type("a")
    told(terminal, "Archived")


@test
def undo_is_of_the_page():
    """u in the outbox sends what was taken out there after all, at its time; it
    takes back what waits, whatever was done to mail since; and where there is
    neither, it says so and leaves mail alone."""
    with demo() as terminal:
        queue(terminal, "for later", at="+1h")
        archive_one(terminal)
        open_outbox(terminal, "for later")
        terminal.type("d")
        told(terminal, "it is a draft again.   u undo")
        terminal.type("u")
        told(terminal, "Will be sent at 2026-11-23 07:12.")
        terminal.wait(lambda s: any("for later" in row and "until 2026" in row
                                    for row in s))
        terminal.type("u")
        terminal.wait(lambda s: s[0].startswith(" Review"))
        terminal.type("p")
        terminal.wait(lambda s: s[0].startswith(" Outbox")
                      and any("nothing waits" in row for row in s))
        for key, words in (("u", "nothing to undo here"),
                           ("C-r", "nothing to do again here")):
            terminal.keys(key)
            told(terminal, words)
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("u")
        told(terminal, "Undone: Archived")


@test
def undo_sends_nothing_that_was_changed():
    """What was taken out is not sent any more once the page was left."""
    with demo() as terminal:
        queue(terminal, "for later", at="+1h")
        open_outbox(terminal, "for later")
        terminal.type("d")
        told(terminal, "it is a draft again.   u undo")
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        open_outbox(terminal, "nothing waits")
        terminal.type("u")
        told(terminal, "nothing to undo here")


@test
def frames_do_not_read():
    """The page reads the outbox when it changed, not for each frame of it: an
    envelope that cannot be read is named once by each reading."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        with demo(before=f"--log {log}") as terminal:
            queue(terminal, "for later", at="+1h")
            outbox = next(path for path, _, _ in os.walk(terminal.folder)
                          if os.path.basename(path) == "outbox")
            open_outbox(terminal, "for later")
            with open(os.path.join(outbox, "b.json"), "w",
                      encoding="utf-8") as file:
                file.write("{")

            def readings():
                with open(log, encoding="utf-8") as file:
                    return file.read().count("not readable as an envelope")
            terminal.wait(lambda s: readings() > 0)
            before = readings()
            words = ":" + "frames" * 5
            for i, letter in enumerate(words, 1):
                terminal.type(letter)
                terminal.wait(lambda s: said(s).startswith(words[:i]))
            assert readings() - before < len(words) / 2, readings()


main()
