#!/usr/bin/python3
"""First fetch, nothing to do, and a change of everything (100 new, 500 flags,
50 deleted), from a Dovecot on loopback, beside mbsync with its default
settings, in turns; with --delay also beside itself without it. Not part of the
test run.
Usage: bench_fetch.py POSTHORN [--messages N] [--rounds N] [--index]
       [--tls] [--compress on|far] [--delay MS] [--offlineimap]"""

import argparse
import contextlib
import imaplib
import os
import sys
import time

import field
from field import Line

NEW, FLAGS, DELETED = 100, 500, 50


class Changes:
    """What happens to the mailbox between two syncs, by another client."""

    def __init__(self, servers, mail, number):
        self.imap = imaplib.IMAP4("127.0.0.1", servers.imap)
        self.imap.login("bench", field.real.PASSWORD)
        self.mail, self.number, self.add = mail, number, True

    def make(self):
        self.imap.select("INBOX")
        _, found = self.imap.uid("SEARCH", "ALL")
        uids = found[0].split()
        flags = b",".join(uids[DELETED:DELETED + FLAGS]).decode()
        self.imap.uid("STORE", flags, "+FLAGS" if self.add else "-FLAGS",
                      "(\\Flagged)")
        self.add = not self.add
        self.imap.uid("STORE", b",".join(uids[:DELETED]).decode(), "+FLAGS",
                      "(\\Deleted)")
        self.imap.expunge()
        for _ in range(NEW):
            self.number += 1
            data = self.mail.message(self.number).replace(b"\n", b"\r\n")
            self.imap.append("INBOX", "", None, data)
        self.imap.unselect()


def first_fetches(peers, options, line):
    for _ in range(options.rounds):
        for peer in peers:
            peer.fresh()
            peer.run("first fetch", line)
            got = peer.files_here()
            if got < options.messages:
                sys.exit(f"{peer.name}: {got} files only")
    field.report(peers, "first fetch")


def far_and_near(far, near, options, line):
    """First fetches over the line with its delay and over one without, in
    turns: what the line itself costs is in both."""
    near.name = "posthorn, no delay"
    for _ in range(options.rounds):
        for peer, over in ((near, None), (far, line)):
            peer.fresh()
            peer.run("far and near", over)
    field.report((near, far), "far and near")


def in_turn(peers, turn):
    """The first one of a round pays for what the server does but once."""
    return peers[turn % len(peers):] + peers[:turn % len(peers)]


def again(peers, options, line, changes):
    time.sleep(3)  # what was written just now is looked at once more
    for turn in range(max(options.rounds, 7)):
        for peer in in_turn(peers, turn):
            peer.run("nothing to do", line)
    field.report(peers, "nothing to do")
    for turn in range(max(options.rounds, 6)):
        changes.make()
        for peer in in_turn(peers, turn):
            peer.run("changes", line)
    field.report(peers, "changes")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posthorn", type=os.path.abspath)
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--index", action="store_true",
                        help="fetched and searchable, beside notmuch new")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--compress", choices=("on", "far"))
    parser.add_argument("--offlineimap", action="store_true",
                        help="in the same run, which takes minutes")
    parser.add_argument("--delay", type=float, default=0, metavar="MS",
                        help="of a round trip")
    return parser.parse_args()


def main():
    options = arguments()
    mail = field.Mail(files=20 if options.messages <= 20000 else 400)
    more = field.COMPRESS if options.compress else ""
    with contextlib.ExitStack() as stack:
        servers = stack.enter_context(
            field.real.Servers(users=("bench",), more=more))
        total = field.fill(servers, mail, options.messages)
        print(f"{options.messages} messages, {total / 1e6:.0f} MB"
              f"{', TLS' if options.tls else ''}"
              f"{', COMPRESS' if options.compress else ''}"
              f", round trip {options.delay:.0f} ms", flush=True)
        line = None
        if options.delay:
            line = stack.enter_context(Line(
                servers.imaps if options.tls else servers.imap,
                options.delay / 1000))
        peers = field.make_peers(servers, servers.path("bench"), options,
                                 line.port if line else None)
        if line:
            prompt = stack.enter_context(Line(line.target, 0))
            near = field.make_peers(servers, servers.path("near"), options,
                                    prompt.port)[-1]
            far_and_near(peers[-1], near, options, line)
        first_fetches(peers, options, line)
        again(peers, options, line,
              Changes(servers, mail, options.messages))


if __name__ == "__main__":
    main()
