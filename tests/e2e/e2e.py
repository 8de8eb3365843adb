#!/usr/bin/python3
"""End to end: the real program against real servers. Prints TAP.
Usage: e2e.py POSTHORN [exchange|trouble|killed|pop3|sending]…"""

import os
import sys

from harness import ACCOUNT, Home, Mailbox, Tap, real
import exchange
import killed
import pop3
import sending
import trouble

USERS = ("ana", "ben", "kim", "lea", "pat")


class World:
    """The servers, and the homes and mailboxes that tests opened by name."""

    def __init__(self, posthorn, servers):
        self.posthorn, self.servers = posthorn, servers
        self.homes, self.mailboxes = {}, {}

    def home(self, name, users, password=real.PASSWORD, incoming=None,
             ca=None, smtp=None):
        servers = self.servers
        config = "".join(
            ACCOUNT.format(name=user, person=user.capitalize() + " Test",
                           domain=real.DOMAIN, password=password,
                           incoming=incoming
                           or f"imaps://localhost:{servers.imaps}",
                           smtp=smtp or servers.smtp or 9,
                           ca=ca or servers.certificates.ca)
            for user in users)
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


def main():
    posthorn = os.path.abspath(sys.argv[1])
    groups = {"exchange": exchange, "trouble": trouble, "killed": killed,
              "pop3": pop3, "sending": sending}
    chosen = sys.argv[2:] or list(groups)
    tap = Tap()
    with real.Servers(users=USERS) as servers:
        if os.geteuid() == 0:
            servers.postfix()
        world = World(posthorn, servers)
        for name in chosen:
            groups[name].all_tests(tap, world)
        world.close()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
