"""Dovecot in a scratch directory on loopback ports: IMAP, IMAP over TLS, and
SASL for Postfix, users with a Maildir each. Runs as an ordinary user; as
root it is started as the user "mail", for Dovecot refuses root's own mail."""

import grp
import os
import pwd
import shutil
import subprocess
import time

import ports

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain login cram-md5 scram-sha-256
disable_plaintext_auth = no
auth_failure_delay = 0 secs
auth_verbose = yes
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
imap_idle_notify_interval = 1 mins
imap_capability = {capability}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={dir}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Archive {{
    special_use = \\Archive
    auto = subscribe
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service auth {{
  inet_listener {{
    port = {sasl}
  }}
}}
"""


class Dovecot:
    USERS = {"ana@example.org": "secret-ana", "ben@example.net": "secret-ben"}

    def __init__(self, folder, certs, users=None, capability=""):
        self.dir = os.path.join(folder, "dovecot")
        self.users = users or dict(self.USERS)
        os.makedirs(os.path.join(self.dir, "home"))
        os.chmod(folder, 0o755)
        self.root = os.geteuid() == 0
        self.user = "mail" if self.root else pwd.getpwuid(os.geteuid()).pw_name
        self.group = grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name
        self.imap, self.imaps, self.sasl = ports.free(3)
        self.conf = os.path.join(self.dir, "dovecot.conf")
        self.log = os.path.join(self.dir, "dovecot.log")
        self._write("users", "".join(
            f"{user}:{{PLAIN}}{password}\n"
            for user, password in self.users.items()))
        self._write("dovecot.conf", CONFIG.format(
            dir=self.dir, user=self.user, group=self.group, imap=self.imap,
            imaps=self.imaps, sasl=self.sasl,
            cert=certs.cert("good"), key=certs.key("good"),
            capability=capability))
        if self.root:
            self._give_away()
        self.process = None
        self.start()

    def _write(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="utf-8") as file:
            file.write(text)

    def _give_away(self):
        for top, folders, files in os.walk(self.dir):
            for name in [""] + folders + files:
                shutil.chown(os.path.join(top, name), self.user, self.group)

    def _as_user(self):
        return {"user": self.user, "group": self.group,
                "extra_groups": []} if self.root else {}

    def start(self):
        env = {"PATH": os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"}
        self.process = subprocess.Popen(
            ["dovecot", "-F", "-c", self.conf], env=env, cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, **self._as_user())
        try:
            ports.wait(self.imap, self.process)
            ports.wait(self.imaps, self.process)
        except RuntimeError as error:
            raise RuntimeError(f"dovecot: {error}\n{self.read_log()}"
                               f"{self.stderr()}") from error

    def stderr(self):
        self.process.kill()
        return self.process.stderr.read().decode()

    def stop(self):
        """Ends the master, which ends its children."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        self.process = None
        time.sleep(0.1)

    def read_log(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def maildir(self, user):
        return os.path.join(self.dir, "home", user, "Maildir")

    def doveadm(self, *args):
        done = subprocess.run(
            ["doveadm", "-c", self.conf] + list(args), check=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
            **self._as_user())
        return done.stdout.decode()
