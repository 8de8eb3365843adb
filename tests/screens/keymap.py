#!/usr/bin/env python3
"""Every key of the table does what the table says, in the real program; what it
did stands on the bottom row. See program.py for the usage."""

import re
import tempfile
import unicodedata

from program import demo, main, said, subjects, test, told


def at(terminal, row):
    """The cursor stands on that row of the list (from 1)."""
    return terminal.wait(
        lambda s: len(s) > row and s[row].startswith(("▌", ">")))


def does_and_undoes(key, words, moved=True):
    """An act says what it did; u takes it back, ^R does it again."""
    with demo() as terminal:
        before = terminal.settle()
        terminal.type(key)
        told(terminal, words)
        after = terminal.settle()
        assert not moved or subjects(after)[0] != subjects(before)[0], after
        assert "u undo" in said(after), after
        terminal.type("u")
        told(terminal, "Undone")
        terminal.wait(lambda s: subjects(s)[:20] == subjects(before)[:20])
        terminal.keys("C-r")
        told(terminal, words if not moved else "again")
        terminal.wait(lambda s: subjects(s)[:20] == subjects(after)[:20])


@test
def archive_and_undo():
    for key in "aeA":
        does_and_undoes(key, "Archived")


@test
def trash_and_undo():
    for key in "d#D":
        does_and_undoes(key, "Trash")


@test
def junk_and_undo():
    does_and_undoes("!", "Junk")


@test
def flag_and_read_and_undo():
    with demo() as terminal:
        for key, sign in (("F", "★"), ("U", "●")):
            row = terminal.settle()[1]
            terminal.type(key)
            terminal.wait(lambda s, r=row, g=sign:
                          (g in s[1]) != (g in r[:5]))
            terminal.wait(lambda s: "u undo" in said(s))
            terminal.type("u")
            terminal.wait(lambda s, r=row: s[1][:6] == r[:6])


@test
def move_copy_and_tag_ask():
    with demo() as terminal:
        first = subjects(terminal.settle())[0]
        terminal.type("s")
        terminal.wait_text("Move to:")
        terminal.type("arch\r")
        told(terminal, "Archive")
        terminal.wait(lambda s: subjects(s)[0] != first)
        terminal.type("u")
        terminal.wait(lambda s: subjects(s)[0] == first)
        terminal.type("C")
        terminal.wait_text("Copy to:")
        terminal.keys("Escape")
        terminal.wait_gone("Copy to:")
        terminal.type("t")
        terminal.wait_text("Tags:")
        terminal.type("+todo\r")
        terminal.wait(lambda s: "todo" in s[1])
        terminal.type("j.")
        terminal.wait(lambda s: "todo" in s[2])
        terminal.type("k-")
        terminal.wait_text("Tags: -")
        terminal.type("todo\r")
        terminal.wait(lambda s: "todo" not in s[1])


@test
def mute_and_undo():
    does_and_undoes("M", "Muted 1 thread")


@test
def snooze_goes_and_comes_back():
    with demo(ready=True) as terminal:
        before = subjects(terminal.settle())
        terminal.type("w")
        terminal.wait_text("Until (")
        terminal.type("someday\r")
        told(terminal, 'or 2026-11-30 09:00, not "someday"')
        terminal.type("w")
        terminal.wait_text("Until (")
        terminal.type("+2h\r")
        told(terminal, "Snoozed 1 message until")
        terminal.wait(lambda s: subjects(s)[:9] == before[1:10])
        terminal.type("gw")
        terminal.wait(lambda s: s[0].startswith(" Snoozed")
                      and "Your Bank" in s[1])
        terminal.type("\r")
        terminal.wait_text("Snoozed until ")
        terminal.type("qwnow\r")
        told(terminal, "Brought back 1 thread")
        terminal.type("qgg")
        terminal.wait(lambda s: s[0].startswith(" Inbox")
                      and subjects(s)[:10] == before[:10])


def go_to(terminal, screen, words):
    """The cursor to the first row of a screen that has these words; its number.
    """
    row = next(i for i, line in enumerate(screen) if words in line)
    terminal.type(f"{row}\r")
    at(terminal, row)
    return row


@test
def threads_unfold_in_the_list():
    with demo() as terminal:
        before = terminal.settle()
        row = go_to(terminal, before, "Offsite")
        terminal.type("za")
        unfolded = terminal.wait(
            lambda s: s[row + 1:row + 5] and all(
                "└" in line for line in s[row + 1:row + 5]))
        assert "└" not in unfolded[row + 5], unfolded
        assert subjects(unfolded)[row - 1] == subjects(before)[row - 1]
        at(terminal, row)
        terminal.type("}")
        at(terminal, row + 5)
        terminal.type("{jd")  # one message of it goes, the thread stays
        told(terminal, "Moved 1 message to Trash")
        terminal.wait(lambda s: "└" in s[row + 3] and "└" not in s[row + 4])
        terminal.type("uzM")
        terminal.wait(lambda s: not any("└" in line for line in s)
                      and subjects(s)[:9] == subjects(before)[:9])
        terminal.type("ggza")
        told(terminal, "This thread is one message")
        terminal.type("zR")
        terminal.wait(lambda s: sum("└" in line for line in s) > 4)


@test
def a_thread_and_its_messages_are_one():
    """Chosen twice they are copied once; unfolded they are no new mail; the page
    of the thread is left as if it were folded."""
    with demo() as terminal:
        before = terminal.settle()
        row = go_to(terminal, before, "Offsite")
        terminal.type("zR")
        unfolded = terminal.wait(lambda s: any("└" in line for line in s))
        assert "new" not in unfolded[0], unfolded
        terminal.type("V4j")
        terminal.wait(lambda s: sum(line.startswith(("✓", "▌"))
                                    for line in s[1:-1]) == 5)
        terminal.type("C")
        terminal.wait_text("Copy to:")
        terminal.type("arch\r")
        told(terminal, "Copied 4 messages")
        terminal.type("4k\r")
        terminal.wait(lambda s: "Offsite" in s[1])
        for _ in range(5):
            if "Offsite" in terminal.settle()[1]:
                terminal.type("J")
        terminal.wait(lambda s: "Offsite" not in s[1] and s[1].strip())


def columns_before(row, word):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in row[:row.index(word)])


@test
def what_waits_is_taken_back():
    """The outbox says until when, in one column whatever the subject; d makes
    a draft of it again, and says so; undo takes back what waits, too."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file, \
            demo(ready=True) as terminal:
        file.write("text\n")
        file.flush()
        for subject in ("plain", "회의 일정 변경 안내"):
            terminal.type(f":compose --to ben@example.org --subject '{subject}'"
                          f" --body {file.name} --at +1h --send")
            terminal.wait(lambda s: s[-1].startswith(":compose"))
            terminal.type("\r")
            terminal.wait(lambda s: "Will be sent at" in s[-1])
        assert "undo" in terminal.screen()[-1], terminal.screen()[-1]
        terminal.type("go")
        screen = terminal.wait(
            lambda s: sum("waiting until 20" in row for row in s) == 2)
        places = {columns_before(row, "waiting") for row in screen
                  if "waiting until" in row}
        assert len(places) == 1, screen
        terminal.type("d")
        terminal.wait(lambda s: "draft again" in s[-1])
        terminal.wait(lambda s: sum("waiting until" in row for row in s) == 1)
        terminal.type("qu")
        terminal.wait_text("Not sent: the draft is open again.")
        terminal.type("q")
        terminal.wait(lambda s: not any("Review" in row for row in s))
        terminal.type("gd")
        terminal.wait(lambda s: any("plain" in row for row in s)
                      and any("회의" in row for row in s))


@test
def unfolding_all_is_no_new_mail():
    with demo(ready=True) as terminal:
        terminal.type("G")
        terminal.wait(lambda s: "64/64" in s[-1])
        terminal.type("zt")
        screen = terminal.wait(lambda s: "64/64" not in s[-1] and "/" in s[-1]
                               and "· 64" not in s[0])
        assert "new" not in screen[0], screen[0]


@test
def what_will_be_sent_is_shown():
    """v on the review page: the bytes that leave, in which no Bcc is (P81)."""
    with demo(env={"EDITOR": "true", "VISUAL": ""}) as terminal:
        terminal.type(":compose --to ben@example.org --bcc eve@example.org "
                      "--subject Grüße\r")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and any("Bcc  eve@" in row for row in s))
        terminal.type("v")
        screen = terminal.wait(lambda s: s[0].startswith(" As it will be sent"))
        for wanted in ("Subject: =?UTF-8?", "To: ben@example.org",
                       "Message-Id: <", "Content-Transfer-Encoding: "):
            assert any(row.strip().startswith(wanted) for row in screen), screen
        assert "eve" not in "".join(screen), screen
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Review"))


@test
def a_popup_says_what_it_has_no_room_for():
    with demo(40, 12) as terminal:
        terminal.type("g")
        terminal.wait(lambda s: any("more: ? all keys" in row for row in s)
                      and "Esc cancel" in s[-1])


@test
def long_words_leave_room_for_others():
    """A tag of many letters, which a server may have set, hides no subject; a
    long search cuts nothing of what stands right of it."""
    tag = "abcdefghijklmnopqrstuvwxyz" * 3
    with demo(ready=True) as terminal:
        date = terminal.settle()[1][-5:]
        terminal.type(f"t+{tag}\r")
        terminal.wait(lambda s: "URGENT: your" in s[1] and "abcdefgh" in s[1]
                      and s[1].endswith("… " + date.rjust(8)))
        terminal.type("/from:marta or from:grace or from:ben\r")
        terminal.wait(lambda s: "found" in s[0]
                      and re.search(r" ms +✓ \d\d:\d\d$", s[0]))
    with demo(40, 12) as terminal:
        terminal.type("gc")
        terminal.wait(lambda s: any(
            row[1:].startswith("Grace Hopper-… grace@") for row in s))
        terminal.type(":compose --to ben@example.org --subject x\r")
        terminal.wait(lambda s: s[0].startswith(" Review")
                      and s[0].endswith("not sent yet"))


@test
def undo_from_elsewhere_leaves_the_cursor():
    """What another list brings back does not come under the cursor of this one,
    and is not counted as new when it goes again."""
    with demo(ready=True) as terminal:
        before = subjects(terminal.settle())
        terminal.type("w+2h\r")
        told(terminal, "Snoozed 1 message until")
        terminal.wait(lambda s: subjects(s)[0] == before[1])
        terminal.type("gw")
        terminal.wait(lambda s: s[0].startswith(" Snoozed")
                      and "Your Bank" in s[1])
        terminal.type("wnow\r")
        told(terminal, "Brought back 1 thread")
        terminal.type("u")
        told(terminal, "Undone")
        terminal.type("q")
        screen = terminal.wait(lambda s: s[0].startswith(" Inbox"))
        assert "new" not in screen[0], screen
        assert screen[1].startswith("▌") and "Your Bank" not in screen[1], \
            screen


@test
def contacts_are_listed_and_written_to():
    with demo() as terminal:
        terminal.type("gc")
        screen = terminal.wait(lambda s: s[0].startswith(" Contacts  ")
                               and "@" in s[1])
        assert "no-reply" not in "".join(screen), screen
        terminal.type("/")
        terminal.wait_text("Who:")
        terminal.type("priya\r")
        terminal.wait(lambda s: s[0].startswith(" Contacts  priya")
                      and "Priya Raghunathan" in s[1])
        terminal.type("\r")
        terminal.wait(lambda s: s[0].startswith(" Contact  from:priya"))
        terminal.type("q")
        terminal.wait(lambda s: s[0].startswith(" Contacts  priya"))
        terminal.keys("Escape")
        terminal.wait(lambda s: "priya" not in s[0])


@test
def select_range_and_act():
    with demo() as terminal:
        before = subjects(terminal.settle())
        terminal.type("xx")
        terminal.wait(lambda s: "2 selected" in said(s))
        terminal.keys("Escape")
        terminal.wait(lambda s: "selected" not in said(s))
        terminal.type("ggV3jd")
        told(terminal, "4")
        terminal.wait(lambda s: subjects(s)[0] == before[4])
        terminal.type("u")
        terminal.wait(lambda s: subjects(s)[:15] == before[:15])


@test
def counts_and_jumps():
    with demo() as terminal:
        terminal.type("5j")
        at(terminal, 6)
        terminal.type("3k")
        at(terminal, 3)
        terminal.type("12\r")
        at(terminal, 12)
        terminal.type("gg")
        at(terminal, 1)
        terminal.type("G")
        terminal.wait(lambda s: re.search(r" (\d+)/\1$", said(s)))
        terminal.type("gg")
        terminal.keys("C-d")
        terminal.wait(lambda s: not s[1].startswith("▌"))
        terminal.keys("C-u")
        at(terminal, 1)


@test
def unread_threads_and_reading_on():
    with demo() as terminal:
        terminal.keys("Tab")
        at(terminal, 2)
        terminal.keys("BTab")
        at(terminal, 1)
        terminal.type("}")
        at(terminal, 2)
        terminal.type("{")
        at(terminal, 1)
        terminal.type(" ")
        terminal.wait_text("Not from bank.example")
        terminal.type(" ")
        terminal.wait_text("Yuki Tanaka <")


@test
def review_undoes_nothing_else():
    """u and ^R on the review page leave the mailbox alone; a list that lies over
    it has them, and so has the page the sending of another draft."""
    with demo(env={"EDITOR": "true", "VISUAL": ""}) as terminal:
        first = subjects(terminal.settle())[0]
        terminal.type("a")
        told(terminal, "Archived 1 message")
        terminal.type("r")
        terminal.wait_text("not sent yet")
        terminal.type("u")
        told(terminal, "nothing to undo here")
        terminal.keys("C-r")
        told(terminal, "nothing to do again here")
        terminal.type(":undo\r")
        told(terminal, "nothing to undo here")
        terminal.type("gi")
        terminal.wait(lambda s: s[0].startswith(" Inbox")
                      and subjects(s)[0] != first)
        terminal.type("u")
        told(terminal, "Undone: Archived 1 message")
        terminal.wait(lambda s: subjects(s)[0] == first)
        terminal.type("q")
        terminal.wait_text("not sent yet")
        terminal.type(":compose --to ben@example.org --subject other\r")
        terminal.wait(lambda s: any(" other" in row for row in s[:5]))
        terminal.type("y")
        terminal.wait(lambda s: "Reply, not sent yet" in s[0]
                      and "u undo" in said(s))
        terminal.type("u")
        terminal.wait(lambda s: any(" other" in row for row in s[:5]))
        told(terminal, "Not sent: the draft is open again")


@test
def left_draft_is_found():
    """Whoever leaves the review page reads where the draft is, and it is there,
    by the name of who gets it."""
    with demo(env={"EDITOR": "true", "VISUAL": ""}) as terminal:
        for leave in "pqh":
            terminal.type("2\rr")
            terminal.wait_text("not sent yet")
            terminal.type(leave)
            told(terminal, "Kept as draft: gd")
            assert "not sent yet" not in terminal.screen()[0]
        terminal.type("gd")
        terminal.wait(lambda s: all("✎   To: Yuki Tanaka " in row
                                    for row in s[1:4]))
        terminal.type(":compose --account corp\r")
        terminal.wait_text("not sent yet")
        terminal.type("q")
        told(terminal, "Kept as draft in the Drafts folder of corp.")
        terminal.type("gi2\rr")
        terminal.wait_text("not sent yet")
        terminal.type("d")
        terminal.wait_text("Discard this draft")
        terminal.type("y")
        told(terminal, "Discarded the draft.")


@test
def what_is_told_is_not_cut():
    """What a narrow screen has no room for takes the row above as well, by whole
    words, to the key that undoes it."""
    with demo(columns=40) as terminal:
        terminal.type("s")
        terminal.wait_text("Move to")
        terminal.type("home/Lists/linux-mm\r")
        screen = terminal.wait(lambda s: s[-1] == " u undo")
        assert screen[-2] == " Moved 1 message to Lists/linux-mm.", screen
        terminal.type("j")
        terminal.wait(lambda s: "Moved" not in s[-2])
        terminal.type(":compose --account corp\r")
        terminal.wait_text("not sent")
        terminal.type("q")
        terminal.wait(lambda s: s[-2:] == [
            " Kept as draft in the Drafts folder of", " corp."])


@test
def editor_that_is_not_there():
    """It is named, with what to do; and one that fails with how it ended."""
    with demo(env={"EDITOR": "no-such-editor", "VISUAL": ""}) as terminal:
        terminal.type("2\rr")
        screen = terminal.wait(lambda s: "The draft is kept" in s[-1])
        assert " ".join("".join(screen[-2:]).split()) == (
            "no-such-editor cannot be started: is it installed? "
            "`set editor` names another. The draft is kept."), screen
        assert "not sent yet" in screen[0], screen
        terminal.type(":set editor false\r")
        terminal.wait(lambda s: "kept" not in said(s))
        terminal.type("e")
        told(terminal, "false ended with status 1; the draft is kept")


@test
def drafts_of_the_account_that_is_shown():
    """`g d` and the like go to the folder of the account whose list is shown;
    from a view over all accounts, to those of all, but for the inbox."""
    with demo(env={"EDITOR": "true", "VISUAL": ""}) as terminal:
        terminal.type("g2")
        terminal.wait(lambda s: s[0].startswith(" Inbox  empty"))
        terminal.type(":compose --account corp --to kim@corp.example"
                      " --subject audit\r")
        terminal.wait_text("not sent yet")
        terminal.type("q")
        told(terminal, "Kept as draft: gd")
        terminal.type("gd")
        terminal.wait(lambda s: s[0].startswith(" Drafts")
                      and "To: kim@corp" in s[1] and "audit" in s[1])
        terminal.type("g1gd")
        terminal.wait(lambda s: s[0].startswith(" Drafts")
                      and "To: Zoë van der Berg" in s[1])
        terminal.type("gsgd")
        both = terminal.wait(lambda s: "folder:drafts" in s[0]
                             and "audit" in s[1])
        assert "To: kim@corp" in both[1], both
        assert any("To: Zoë van der Berg" in row for row in both), both
        terminal.type(":compose --account corp\r")
        terminal.wait_text("not sent yet")
        terminal.type("q")
        told(terminal, "Kept as draft: gd")
        terminal.type("gi")
        terminal.wait(lambda s: s[0].startswith(" Inbox  ")
                      and "folder:" not in s[0] and "empty" not in s[0])


@test
def own_mail_shows_who_gets_it():
    with demo(ready=True) as terminal:
        terminal.type("gt")
        terminal.wait(lambda s: s[0].startswith(" Sent")
                      and "To: Marta K" in s[1])
        assert not any("  me  " in row for row in terminal.settle())
        terminal.type("gd")
        terminal.wait(lambda s: s[0].startswith(" Drafts")
                      and "To: Zoë van der Berg" in s[1])


@test
def reply_to_a_forged_message():
    """The review page names who gets the answer (P69)."""
    with demo(env={"EDITOR": "true", "VISUAL": ""}) as terminal:
        terminal.wait(lambda s: "✗" in s[1][:4] and "Your Bank" in s[1])
        terminal.type("r")
        terminal.wait_text("not sent yet")
        page = terminal.settle()
        row = next(i for i, line in enumerate(page)
                   if line.startswith(" ! The sender check"))
        to = re.search(r"<(\S+)>", next(
            line for line in page if line.startswith("      To "))).group(1)
        warning = " ".join(line.strip() for line in page[row:row + 2])
        assert f"failed: the reply goes to {to}" in warning, page
        terminal.type("q2\rr")
        terminal.wait_text("tanaka.example")
        assert not any("sender check" in line for line in terminal.settle())


@test
def folders_by_keys():
    with demo() as terminal:
        for keys, title in (("gt", "Sent"), ("gd", "Drafts"), ("gj", "Junk"),
                            ("gx", "Trash"), ("gi", "Inbox"),
                            ("gs", "Starred"), ("gu", "Unread"),
                            ("go", "Outbox"), ("gA", "Activity")):
            terminal.type(keys)
            terminal.wait(lambda s, t=title: s[0].startswith(f" {t}"))
        terminal.type("gi")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("J")
        terminal.wait(lambda s: s[0].startswith(" Drafts"))
        terminal.type("K")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.type("carch\r")
        terminal.wait(lambda s: s[0].startswith(" Archive"))
        terminal.type("g2")
        terminal.wait(lambda s: s[0].startswith(" Inbox  empty"))
        terminal.type("gl")
        terminal.wait_text("Tag:")
        terminal.type("travel\r")
        terminal.wait(lambda s: "tag:travel" in s[0])


@test
def wide_characters_survive_a_new_size():
    """One that the folders cut in half is whole when they go away, also when
    the width changed meanwhile."""
    with demo(ready=True) as terminal:
        terminal.resize(60, 20)
        terminal.wait(lambda s: len(s) == 20 and "来週" in s[2]
                      and "keys" in s[-1])
        before = terminal.settle()
        terminal.resize(80, 24)
        terminal.wait(lambda s: len(s) == 24 and "keys" in s[-1])
        terminal.type("`")
        terminal.wait_text("linux-mm")
        terminal.resize(60, 20)
        terminal.wait(lambda s: len(s) == 20 and "linux-mm" in "".join(s))
        terminal.settle()
        terminal.keys("Escape")
        terminal.wait(lambda s: "linux-mm" not in "".join(s))
        assert terminal.settle()[1:-1] == before[1:-1], terminal.screen()


@test
def sidebar_takes_the_keys():
    with demo() as terminal:
        terminal.type("h")
        terminal.wait_text("linux-mm")
        terminal.type("jj")
        terminal.keys("Enter")
        terminal.wait(lambda s: s[0].startswith(" Sent"))
        terminal.wait_gone("linux-mm")
    with demo(120, 30) as terminal:
        terminal.wait_text("linux-mm")
        terminal.type("`")
        terminal.wait_gone("linux-mm")
        terminal.type("`")
        terminal.wait_text("linux-mm")


@test
def order_and_threads():
    with demo() as terminal:
        before = subjects(terminal.settle())
        for key in "sSuz":
            terminal.type("o" + key)
            terminal.wait(lambda s: subjects(s)[:20] != before[:20])
            terminal.type("od")
            terminal.wait(lambda s: subjects(s)[:20] == before[:20])
        terminal.type("od")
        terminal.wait(lambda s: subjects(s)[:20] != before[:20])
        terminal.type("od")
        terminal.type("zt")
        terminal.wait(lambda s: any("Re: Migration" in row for row in s))
        terminal.type("ot")
        terminal.wait(lambda s: not any("Re: Migration" in row for row in s))


@test
def views_change_places():
    with demo() as terminal:
        terminal.type("gA")
        terminal.wait(lambda s: s[0].startswith(" Activity"))
        terminal.keys("C-n")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))
        terminal.keys("C-p")
        terminal.wait(lambda s: s[0].startswith(" Activity"))
        terminal.keys("M-1")
        terminal.wait(lambda s: s[0].startswith(" Inbox"))


@test
def help_runs_what_it_names():
    with demo() as terminal:
        terminal.type("?junk or")
        terminal.wait_text("Filter: junk or")
        terminal.keys("Enter")
        told(terminal, "Junk")


@test
def which_key_waits_and_escapes():
    with demo() as terminal:
        terminal.type("g")
        terminal.wait_text("All mail")
        terminal.keys("Escape")
        terminal.wait_gone("All mail")
        terminal.type("gT")
        told(terminal, "g T is not used here")
        terminal.type("Z")
        told(terminal, "Z is not used here · ? keys")


@test
def presets():
    """Each changes what it says, keeps the rest, and can be taken back."""
    with demo() as terminal:
        first = subjects(terminal.settle())[0]
        terminal.type(":set keys mutt\r")
        terminal.wait_gone(":set")
        terminal.type("t")
        terminal.wait(lambda s: "1 selected" in said(s))
        terminal.keys("Escape")
        terminal.wait(lambda s: "selected" not in said(s))
        terminal.type("kN")
        terminal.wait(lambda s: "●" not in s[1])
        terminal.type(":set keys gmail\r")
        terminal.wait_gone(":set")
        terminal.type("s")
        terminal.wait(lambda s: "★" in s[1])
        terminal.type("#")
        terminal.wait(lambda s: subjects(s)[0] != first)
        terminal.type("z")
        terminal.wait(lambda s: subjects(s)[0] == first)
        terminal.type(":set keys vim\r")
        terminal.wait_gone(":set")
        terminal.type("dd")
        terminal.wait(lambda s: subjects(s)[0] != first)
        terminal.type("u")
        terminal.wait(lambda s: subjects(s)[0] == first)
        terminal.type(":set keys default\r")
        terminal.wait_gone(":set")
        terminal.type("d")
        told(terminal, "Trash")


@test
def every_preset_keeps_the_way_out():
    for preset in ("default", "mutt", "vim", "gmail"):
        with demo() as terminal:
            terminal.type(f":set keys {preset}\r")
            terminal.wait_gone(":set")
            terminal.type("?")
            terminal.wait_text("Filter:")
            terminal.keys("Escape")
            terminal.wait_gone("Filter:")
            terminal.type(":")
            terminal.wait(lambda s: s[-1].startswith(":"))
            terminal.keys("Escape")  # with the next key it would be Alt
            terminal.wait(lambda s: not s[-1].startswith(":"))
            terminal.type("/")
            terminal.wait(lambda s: s[-1].startswith("/"))
            terminal.keys("Escape")
            terminal.wait(lambda s: not s[-1].startswith("/"))
            terminal.keys("Tab")
            at(terminal, 2)
            terminal.keys("Enter")
            terminal.wait_text("Yuki Tanaka <")
            terminal.type("q")
            terminal.wait(lambda s: s[0].startswith(" Inbox"))


@test
def a_theme_that_cannot_be_read_is_refused():
    with demo() as terminal:
        terminal.type(":style dark.accent 237\r")
        terminal.type(":set theme light\r:set theme dark\r")
        screen = terminal.wait_text("style dark.accent cannot be read")
        assert any("selected" in row or "normal" in row
                   for row in screen[-2:]), screen
        assert "is the least" in said(screen), screen


@test
def completion_says_what_commands_do():
    with demo() as terminal:
        terminal.type(":arch")
        terminal.wait_text("Move messages to the archive")
        terminal.keys("Tab")
        terminal.wait(lambda s: s[-1].startswith(":archive"))
        terminal.keys("Enter")
        told(terminal, "Archived")
        terminal.type(":")
        terminal.keys("Up")
        terminal.wait(lambda s: s[-1].startswith(":archive"))


main()
