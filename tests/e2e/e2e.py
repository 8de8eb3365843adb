#!/usr/bin/python3
"""End to end: the real program against real servers. Prints TAP.
Usage: e2e.py POSTHORN [GROUP]…"""

import os
import sys

from harness import ACCOUNT, Home, Mailbox, Tap, real
import behind
import cyrus
import events
import gmail
import exchange
import killed
import pop3
import sealed
import sending
import surroundings
import trips
import trouble
import ways

USERS = ("ana", "ben", "kim", "lea", "lee", "mia", "pat", "uma", "vic")
GROUPS = {"exchange": exchange, "events": events, "trouble": trouble,
          "killed": killed, "pop3": pop3, "trips": trips, "ways": ways,
          "behind": behind, "gmail": gmail,
          "sending": sending, "sealed": sealed, "surroundings": surroundings}


class World:
    """The servers, and the homes and mailboxes that tests opened by name."""

    def __init__(self, posthorn, servers):
        self.posthorn, self.servers = posthorn, servers
        self.homes, self.mailboxes = {}, {}

    def home(self, name, users, password=real.PASSWORD, incoming=None,
             ca=None, smtp=None, more=""):
        servers = self.servers
        auth = f"    auth {servers.auth}\n" if servers.auth else ""
        config = "".join(
            ACCOUNT.format(name=user, person=user.capitalize() + " Test",
                           domain=real.DOMAIN, password=password,
                           incoming=incoming
                           or f"imaps://{user}@localhost:{servers.imaps}",
                           smtp=smtp or servers.smtp or 9,
                           ca=ca or servers.certificates.ca, auth=auth)
            for user in users) + more
        self.homes[name] = Home(self.posthorn,
                                servers.path("homes", name), config)
        return self.homes[name]

    def mailbox(self, user):
        if user not in self.mailboxes:
            self.mailboxes[user] = Mailbox(self.servers, user)
        return self.mailboxes[user]

    def close(self):
        for mailbox in self.mailboxes.values():
            mailbox.close()


def on_dovecot(tap, posthorn, chosen):
    with real.Servers(users=USERS) as servers:
        if os.geteuid() == 0:
            servers.postfix()
        world = World(posthorn, servers)
        for name in chosen:
            GROUPS[name].all_tests(tap, world)
        world.close()


def on_cyrus(tap, posthorn):
    """The same tests against another real server."""
    reason = cyrus.why_not()
    if reason:
        tap.skip("cyrus", reason)
        return
    with cyrus.Cyrus(users=USERS) as servers:
        world = World(posthorn, servers)
        exchange.all_tests(tap, world)
        ways.on_any_server(tap, world)
        behind.on_any_server(tap, world)
        world.close()


def main():
    posthorn = os.path.abspath(sys.argv[1])
    chosen = sys.argv[2:] or list(GROUPS) + ["cyrus"]
    tap = Tap()
    dovecot = [name for name in chosen if name != "cyrus"]
    if dovecot:
        on_dovecot(tap, posthorn, dovecot)
    if "cyrus" in chosen:
        on_cyrus(tap, posthorn)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
