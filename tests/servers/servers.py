#!/usr/bin/python3
"""Dovecot and Postfix for tests, in a scratch directory, on loopback only.

As a module: `with Servers() as servers:`. From the shell, to try posthorn by
hand: `servers.py` starts both, writes a posthorn.conf, prints where it is, and
ends them at Ctrl-C."""

import os
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from certs import Certs  # noqa: E402
from dovecot import Dovecot  # noqa: E402
from postfix import Postfix  # noqa: E402

ACCOUNT = """account {name} {{
    name              "{person}"
    address           {user}
    incoming          "{scheme}://{login}@localhost:{imap}"
    outgoing          "smtp://{login}@localhost:{smtp}"
    password          "{password}"
    tls-ca-file       {ca}
}}
"""


class Servers:
    """with_postfix: None: if we may."""

    def __init__(self, with_postfix=None, users=None, capability=""):
        self.dir = tempfile.mkdtemp(prefix="posthorn-servers-")
        self.dovecot = self.postfix = None
        try:
            self.certs = Certs(self.dir)
            self.dovecot = Dovecot(self.dir, self.certs, users, capability)
            if with_postfix is None:
                with_postfix = os.geteuid() == 0 \
                    and shutil.which("postfix", path="/usr/sbin") is not None
            if with_postfix:
                self.postfix = Postfix(self.dir, self.certs, self.dovecot)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.postfix:
            self.postfix.stop()
        if self.dovecot:
            self.dovecot.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def account(self, name, user, tls=True, password=None, imap=None):
        """An account block of posthorn.conf."""
        dovecot = self.dovecot
        return ACCOUNT.format(
            name=name, person=name.capitalize() + " Test", user=user,
            login=user.replace("@", "%40"),
            scheme="imaps" if tls else "imap+insecure",
            imap=imap or (dovecot.imaps if tls else dovecot.imap),
            smtp=self.postfix.smtp if self.postfix else 9,
            password=password or dovecot.users[user], ca=self.certs.ca)


def main():
    with Servers() as servers:
        path = os.path.join(servers.dir, "posthorn.conf")
        with open(path, "w", encoding="utf-8") as file:
            for user in servers.dovecot.users:
                file.write(servers.account(user.split("@")[0], user))
        os.chmod(path, 0o600)
        print(f"posthorn -c {path}\nCtrl-C ends the servers", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
