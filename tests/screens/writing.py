#!/usr/bin/env python3
"""Writing on a real terminal: drafts, completion, checks, hooks. Prints TAP.
Usage: writing.py POSTHORN [NAME…]"""

import json
import os
import signal
import time

from alive import Mail, command, in_shell, main, shell, until

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def begin(mail, terminal, subject, more=""):
    command(terminal,
            f"compose --to ben@example.org --subject {subject} {more}")
    terminal.wait(lambda s: "not sent yet" in s[0]
                  and any(f" {subject}" in row for row in s[:6]))


@test
def killed_while_writing():
    """Several drafts are open at once; what was being written when the program
    was killed is offered again, and the rest is in the Drafts folder, from
    where it goes on (P26)."""
    with Mail() as mail:
        editor = mail.script("editor", 'echo typed >> "$1"\n')
        with shell(mail, EDITOR=editor, VISUAL="") as terminal:
            pid = in_shell(mail, terminal)
            begin(mail, terminal, "alpha")
            begin(mail, terminal, "beta")
            terminal.keys("t")  # a question about the one on top
            terminal.wait(lambda s: s[-1].startswith("to: "))
            terminal.keys("Escape")
            terminal.wait(lambda s: not s[-1].startswith("to: "))
            terminal.keys("p")
            terminal.wait(lambda s: any(" alpha" in row for row in s[:6]))
            terminal.keys("s")  # the one below has the keys again
            terminal.wait(lambda s: "alpha" in s[-1])
            terminal.keys("Escape")
            terminal.wait(lambda s: "alpha" not in s[-1])
            terminal.settle()
            os.kill(pid, signal.SIGKILL)
            terminal.wait(lambda s: any("Killed" in row for row in s))
            terminal.type("clear\n")
            terminal.settle()
            terminal.type(f"{mail.command()}\n")
            terminal.wait(lambda s: "“alpha” was being written" in s[-1])
            terminal.keys("y")
            terminal.wait(lambda s: "not sent yet" in s[0]
                          and any(row.startswith(" typed") for row in s))
            terminal.keys("p")
            terminal.wait_text("subject 2")
            terminal.type("gd")
            terminal.wait(lambda s: s[0].startswith(" Drafts")
                          and any(" alpha" in row for row in s)
                          and any(" beta" in row for row in s))
            terminal.keys("j")
            terminal.keys("Enter")
            terminal.wait(lambda s: "not sent yet" in s[0])


@test
def a_named_draft_is_not_offered():
    """The draft that edit-draft opens at the start is not asked about."""
    with Mail("hook startup { echo all is there }\n") as mail:
        editor = mail.script("editor", 'echo typed >> "$1"\n')
        with shell(mail, EDITOR=editor, VISUAL="") as terminal:
            pid = in_shell(mail, terminal)
            begin(mail, terminal, "alpha")
            os.kill(pid, signal.SIGKILL)
            terminal.wait(lambda s: any("Killed" in row for row in s))
            terminal.type("clear\n")
            terminal.settle()
            terminal.type(f"{mail.command()} edit-draft\n")
            terminal.wait(lambda s: "not sent yet" in s[0]
                          and "all is there" in s[-1])


def kept(mail):
    """The subjects of what is in the Drafts folder."""
    found = []
    for folder, _, names in os.walk(mail.path("mail")):
        if os.path.basename(os.path.dirname(folder)).strip(".") != "Drafts":
            continue
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found += [line.split(": ", 1)[1].strip() for line in file
                          if line.startswith("Subject: ")]
    return found


@test
def ended_on_the_review_page():
    """Drafts that are on their pages when the program ends, by a command or by
    a signal, are in the Drafts folder, also one that waits for a large one; none
    is offered as if the program had died."""
    with Mail() as mail:
        large = mail.write("large.txt", "x" * (2 << 20))
        with shell(mail, EDITOR="true", VISUAL="") as terminal:
            for round_, by_command in enumerate((True, False)):
                pid = in_shell(mail, terminal)
                assert "being written" not in terminal.screen()[-1]
                begin(mail, terminal, f"alpha{round_}", f"--attach {large}")
                begin(mail, terminal, f"beta{round_}")
                if by_command:
                    command(terminal, "quit")
                else:
                    os.kill(pid, signal.SIGTERM)
                until(lambda p=pid: not os.path.exists(f"/proc/{p}"), "it ends")
                assert sorted(kept(mail))[-1] == f"beta{round_}", kept(mail)
                terminal.type("clear\n")
                terminal.settle()
            assert sorted(kept(mail)) == ["alpha0", "alpha1", "beta0",
                                          "beta1"], kept(mail)


@test
def kept_here():
    """Where no copy is in the Drafts folder, who leaves the page is not sent
    there."""
    with Mail("set keep-drafts here\n") as mail:
        with shell(mail, EDITOR="true", VISUAL="") as terminal:
            in_shell(mail, terminal)
            begin(mail, terminal, "alpha")
            terminal.keys("p")
            terminal.wait(lambda s: "Kept as draft: :edit-draft" in s[-1])
            assert not kept(mail), kept(mail)
            command(terminal, "edit-draft")
            terminal.wait(lambda s: "not sent yet" in s[0]
                          and any(" alpha" in row for row in s[:6]))


CARDS = """BEGIN:VCARD\r
VERSION:3.0\r
FN:Zacharias\\, Q.\r
item1.EMAIL;TYPE=work:zach@cards.example\r
END:VCARD\r
"""


@test
def completion():
    """Recipients come from mail, most used first, from a vCard file and from a
    program, files from the disk: Tab takes them."""
    with Mail() as mail:
        cards = mail.write("cards.vcf", CARDS)
        program = mail.script("book", "printf 'zoe@prog.example\\tZoe\\n'\n")
        mail.write("report-2026.txt", "figures\n")
        mail.write("posthorn.conf", open(
            mail.path("posthorn.conf"), encoding="utf-8").read()
            + f"set address-books {cards}\n"
            + f"set address-command {program}\n")
        with shell(mail, EDITOR="true", VISUAL="") as terminal:
            in_shell(mail, terminal)
            begin(mail, terminal, "alpha")
            terminal.keys("c")
            terminal.wait(lambda s: s[-1].startswith("cc: "))
            for typed, whole in (("za", "<zach@cards.example>"),
                                 ("zo", "Zoe <zoe@prog.example>"),
                                 ("be", "Ben <ben@example.org>")):
                until(lambda t=typed, w=whole: offered(terminal, t, w), whole)
            terminal.type("za")
            terminal.keys("Tab")
            terminal.wait(lambda s: "zach@cards.example" in s[-1])
            terminal.keys("Enter")
            terminal.wait(lambda s: any("Cc" in row and "zach@cards.example"
                                        in row for row in s[:6]))
            terminal.keys("a")
            terminal.wait(lambda s: s[-1].startswith("Attach: "))
            terminal.type(mail.path("report-20"))
            terminal.keys("Tab")
            terminal.wait(lambda s: "report-2026.txt" in s[-1])
            terminal.keys("Enter")
            terminal.wait(lambda s: any("Files" in row and "report-2026.txt"
                                        in row for row in s[:7]))


def offered(terminal, typed, whole):
    """Types and takes away again; was it offered?"""
    terminal.type(typed)
    terminal.settle()
    seen = any(whole in row for row in terminal.screen())
    for _ in typed:
        terminal.keys("BSpace")
    terminal.settle()
    return seen


@test
def hooks_on_a_screen():
    """before-send refuses with its words on the review page; then the message
    goes, message-sent is told, and a server that refuses tells send-failed."""
    with Mail() as mail:
        told = mail.path("told")
        policy = mail.script("policy", f"test -e {mail.path('fine')} || "
                             "{ echo not on Sunday >&2; exit 1; }\n")
        sendmail = mail.script("sendmail", f"cat > {mail.path('left')}; "
                               f"test ! -e {mail.path('refuse')}\n")
        mail.write("posthorn.conf",
                   "set undo-send 0s\naccount here {\n"
                   "    address ana@example.org\n"
                   f"    incoming maildir://{mail.path('mail')}\n"
                   f"    outgoing sendmail://{sendmail}\n}}\n"
                   f"hook before-send {{ exec --wait {policy} }}\n"
                   + "".join(f"hook {event} {{ exec sh -c 'echo {event} "
                             f"\"$POSTHORN_SUBJECT\" >> {told}' }}\n"
                             for event in ("message-sent", "send-failed")))
        with shell(mail, EDITOR="true", VISUAL="") as terminal:
            in_shell(mail, terminal)
            begin(mail, terminal, "alpha")
            terminal.keys("m")
            terminal.wait(lambda s: any("HTML from Markdown" in row
                                        for row in s[:7])
                          or "without Markdown" in s[-1])
            assert any(" y Send now  " in row for row in terminal.screen())
            terminal.keys("y")
            terminal.wait(lambda s: any("not on Sunday" in row
                                        for row in s[-2:]))
            assert not os.path.exists(mail.path("left"))
            mail.write("fine", "")
            terminal.keys("y")
            until(lambda: lines(told) == ["message-sent alpha"], "it is told")
            mail.write("refuse", "")
            begin(mail, terminal, "beta")
            terminal.keys("y")
            until(lambda: lines(told)[1:] == ["send-failed beta"], "told too")


ASKS = """From: Ben <ben@example.org>
To: ana@example.org
Subject: subject 9
Date: Mon, 23 Nov 2026 05:14:00 +0000
Message-ID: <nine@test.example>
Disposition-Notification-To: ben@example.org

text
"""


@test
def receipt_is_asked():
    """Opening says that a receipt is asked for and sends none; the command asks,
    and sends one after a yes alone (P68)."""
    with Mail() as mail:
        left = mail.path("left")
        sendmail = mail.script("sendmail", f'echo "$@" >> {left}\ncat >> {left}\n')
        mail.deliver("n9", ASKS.encode())
        mail.write("posthorn.conf",
                   "set read-receipts ask\naccount here {\n"
                   "    address ana@example.org\n"
                   f"    incoming maildir://{mail.path('mail')}\n"
                   f"    outgoing sendmail://{sendmail}\n}}\n")
        with shell(mail) as terminal:
            in_shell(mail, terminal)
            terminal.wait_text("subject 9")
            terminal.keys("g")
            terminal.keys("g")
            terminal.settle()
            terminal.keys("Enter")
            terminal.wait(lambda s: "asks for a receipt" in s[-1])
            command(terminal, "send-receipt")
            terminal.wait(lambda s: "that you have seen" in s[-1])
            terminal.keys("n")
            terminal.wait(lambda s: "that you have seen" not in s[-1])
            command(terminal, "send-receipt")
            terminal.wait(lambda s: "that you have seen" in s[-1])
            assert not os.path.exists(left)
            terminal.keys("y")
            until(lambda: any("MDN-sent-manually; displayed" in line
                              for line in lines(left)), "it is sent")
            assert lines(left)[0].endswith("-f  -- ben@example.org"), lines(left)


@test
def quit_asks_about_what_is_unsent():
    """Q asks while a message waits; E begins a new one from one that is read."""
    with Mail() as mail:
        with shell(mail, EDITOR="true", VISUAL="") as terminal:
            in_shell(mail, terminal)
            terminal.keys("Enter")
            terminal.wait(lambda s: "subject" in s[1])
            subject = terminal.settle()[1].strip()
            terminal.type("E")
            terminal.wait(lambda s: "not sent yet" in s[0]
                          and any(subject in row for row in s[1:8]))
            terminal.keys("t")
            terminal.wait(lambda s: s[-1].startswith("to: "))
            terminal.keys("C-u")
            terminal.type("ben@example.org\r")
            terminal.wait(lambda s: not s[-1].startswith("to: "))
            terminal.type("y")
            terminal.wait(lambda s: "u undo" in s[-1])
            terminal.type("Q")
            terminal.wait(lambda s: "1 message is not sent yet" in s[-1])
            terminal.type("n")
            terminal.wait(lambda s: "not sent yet" not in s[-1])
            terminal.type("Q")
            terminal.wait(lambda s: "1 message is not sent yet" in s[-1])
            terminal.type("y")
            terminal.wait(lambda s: any(row.strip() == "ready>" for row in s))


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


if __name__ == "__main__":
    main(TESTS)
