"""Postfix in a scratch directory on loopback ports: submission with STARTTLS
and over TLS, AUTH asked of Dovecot, delivery by dovecot-lda. Has a queue
of its own and knows nothing of the system's. Needs root, as Postfix does."""

import os
import shutil
import subprocess

import ports

MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.org
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
smtputf8_enable = yes
biff = no
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = inline:{{ {maps} }}
virtual_transport = dovecot
dovecot_destination_recipient_limit = 1
default_transport = error:5.1.2 no mail leaves this test
relay_transport = error:5.1.2 no mail leaves this test
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_auth_only = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
message_size_limit = 30000000
"""

SERVICES = """
{smtp} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
{smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
dovecot unix - n n - - pipe flags=DR user={user}
  argv=/usr/lib/dovecot/dovecot-lda -c {lda} -d ${{recipient}}
"""


class Postfix:
    def __init__(self, folder, certs, dovecot):
        if os.geteuid() != 0:
            raise PermissionError("Postfix needs root")
        self.dir = os.path.join(folder, "postfix")
        self.conf = os.path.join(self.dir, "conf")
        os.makedirs(self.conf)
        os.mkdir(os.path.join(self.dir, "queue"))
        os.mkdir(os.path.join(self.dir, "data"))
        shutil.chown(os.path.join(self.dir, "data"), "postfix")
        self.smtp, self.smtps = ports.free(2)
        domains = {user.split("@")[1] for user in dovecot.users}
        self._write("main.cf", MAIN.format(
            dir=self.dir, domains=" ".join(sorted(domains)),
            maps=", ".join(f"{{ {user} = ok }}" for user in dovecot.users),
            sasl=dovecot.sasl, cert=certs.cert("good"),
            key=certs.key("good")))
        self._write("master.cf", SERVICES.format(
            smtp=f"127.0.0.1:{self.smtp}", smtps=f"127.0.0.1:{self.smtps}",
            user=dovecot.user, lda=dovecot.conf))
        self.process = None
        self.start()

    def _write(self, name, text):
        with open(os.path.join(self.conf, name), "w",
                  encoding="utf-8") as file:
            file.write(text)

    def _postfix(self, *args, **more):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        return subprocess.run(["postfix", "-c", self.conf] + list(args),
                              env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, **more)

    def start(self):
        checked = self._postfix("check")
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        self.process = subprocess.Popen(
            ["postfix", "-c", self.conf, "start-fg"], env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            ports.wait(self.smtp, self.process)
            ports.wait(self.smtps, self.process)
        except RuntimeError as error:
            raise RuntimeError(f"postfix: {error}\n"
                               f"{checked.stdout.decode()}"
                               f"{self.read_log()}") from error

    def stop(self):
        if self.process is None:
            return
        self._postfix("stop")
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def flush(self):
        """Tries what is deferred again."""
        self._postfix("flush")

    def read_log(self):
        try:
            with open(os.path.join(self.dir, "log"), encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except OSError:
            return ""
