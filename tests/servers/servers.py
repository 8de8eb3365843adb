"""Real servers for tests: Dovecot (IMAP, IMAPS, POP3, submission's SASL) and
Postfix (submission with AUTH and STARTTLS, delivering into Dovecot). All of it
lies in one scratch directory and listens on loopback; nothing of the system's
own configuration is read or changed, and everything started is stopped by its
pid. Python's standard library only. Works as root; Postfix needs root."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

LIBEXEC = "/usr/lib/dovecot"
PASSWORD = "open sesame"
USERS = ("ana", "ben")
DOMAIN = "example.org"


def free_port():
    """Below those that the kernel gives to clients, so that no connection of
    another test has it before its server does."""
    while True:
        port = random.randint(10240, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_port(port, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def run(*argv, **more):
    done = subprocess.run(argv, capture_output=True, text=True, check=False,
                          timeout=120, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{argv}: {done.stdout}{done.stderr}")
    return done.stdout


class Certificates:
    """A test CA and server certificates: a good one, an expired one, one for
    another host, one that only its CN names."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self._path("ca.pem")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/CN=posthorn test CA", "-keyout", self._path("ca.key"),
            "-out", self.ca)
        self.make("good", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.make("other", "subjectAltName=DNS:elsewhere.example")
        self.make("cn", "basicConstraints=CA:FALSE", subject="/CN=localhost")
        self.make("expired", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                  days="-1")

    def _path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, extension, subject="/CN=test", days="10"):
        request, extensions = self._path(name + ".csr"), self._path("ext")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
            "-keyout", self._path(name + ".key"), "-out", request)
        with open(extensions, "w", encoding="utf-8") as file:
            file.write(extension + "\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca,
            "-CAkey", self._path("ca.key"), "-CAcreateserial", "-days", days,
            "-extfile", extensions, "-out", self._path(name + ".pem"))

    def pair(self, name):
        return self._path(name + ".pem"), self._path(name + ".key")

    def fingerprint(self, name):
        text = run("openssl", "x509", "-in", self.pair(name)[0], "-noout",
                   "-fingerprint", "-sha256")
        return text.strip().split("=")[1].replace(":", "").lower()


class Servers:
    """`with Servers() as servers:` has Dovecot up; postfix() adds Postfix."""

    auth = None  # the `auth` of accounts there, where it must be forced

    def __init__(self, certificate="good", users=USERS, more=""):
        self.folder = tempfile.mkdtemp(prefix="posthorn-servers-")
        os.chmod(self.folder, 0o755)
        self.users = users
        self.more = more
        self.certificate = certificate
        self.certificates = Certificates(self.folder)
        self.imap, self.imaps = free_port(), free_port()
        self.pop3, self.pop3s = free_port(), free_port()
        self.smtp = None
        self.processes = []
        self._dovecot()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def _dovecot(self):
        me = pwd.getpwuid(os.getuid()).pw_name
        root = os.getuid() == 0
        owner = "nobody" if root else me
        cert, key = self.certificates.pair(self.certificate)
        os.mkdir(self.path("mail"))
        os.mkdir(self.path("spool"))
        os.mkdir(self.path("spool", "private"))
        if root:
            shutil.chown(self.path("mail"), owner)
        self.write("passwd", "".join(
            f"{user}@{DOMAIN}:{{PLAIN}}{PASSWORD}::::::\n"
            f"{user}:{{PLAIN}}{PASSWORD}::::::\n" for user in self.users))
        self.dovecot_conf = self.write("dovecot.conf", f"""
base_dir = {self.path("run")}
state_dir = {self.path("state")}
log_path = {self.path("dovecot.log")}
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
protocols = imap pop3
listen = 127.0.0.1
disable_plaintext_auth = no
auth_mechanisms = plain login scram-sha-256 scram-sha-1
first_valid_uid = 1
mail_location = maildir:{self.path("mail")}/%n
mail_privileged_group =
{"" if root else f'''
default_internal_user = {me}
default_internal_group = {me}
default_login_user = {me}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
'''}
passdb {{
  driver = passwd-file
  args = username_format=%u {self.path("passwd")}
}}
userdb {{
  driver = static
  args = uid={owner} gid={pwd.getpwnam(owner).pw_gid} home={self.path("mail")}/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = subscribe
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
  mailbox Archive {{
    auto = subscribe
    special_use = \\Archive
  }}
  mailbox Junk {{
    auto = subscribe
    special_use = \\Junk
  }}
  mailbox Trash {{
    auto = subscribe
    special_use = \\Trash
  }}
}}
service imap-login {{
  process_min_avail = 0
  inet_listener imap {{
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = {self.imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {self.pop3}
  }}
  inet_listener pop3s {{
    port = {self.pop3s}
    ssl = yes
  }}
}}
service auth {{
  unix_listener auth-userdb {{
    mode = 0666
  }}
  unix_listener {self.path("spool", "private")}/auth {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
mail_max_userip_connections = 100
{self.more}
""")
        self.write("dovecot.log", "", 0o666) # dovecot-lda runs as nobody
        self._start(["dovecot", "-F", "-c", self.dovecot_conf])
        wait_port(self.imap)

    def _start(self, argv):
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.path("stderr.log"), "ab"),
            start_new_session=True)
        self.processes.append(process)
        return process

    def postfix(self):
        """Submission on self.smtp, delivering to Dovecot's users."""
        conf, spool = self.path("postfix"), self.path("spool")
        cert, key = self.certificates.pair(self.certificate)
        os.mkdir(conf)
        os.makedirs(self.path("data"))
        shutil.chown(self.path("data"), "postfix")
        self.smtp = free_port()
        self.write("postfix/main.cf", f"""
compatibility_level = 3.6
queue_directory = {spool}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
data_directory = {self.path("data")}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {self.path("postfix.log")}
maillog_file_prefixes = {self.folder}
myhostname = mail.{DOMAIN}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = inline:{{ {", ".join(
    f"{{ {user}@{DOMAIN} = x }}" for user in self.users)} }}
virtual_transport = dovecot
dovecot_destination_recipient_limit = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient, permit
default_transport = error:nothing leaves this machine
local_transport = error:nothing is local
alias_maps =
alias_database =
message_size_limit = 60000000
""")
        self.write("postfix/master.cf", f"""
127.0.0.1:{self.smtp} inet n - n - - smtpd
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
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
dovecot unix - n n - - pipe
  flags=DRhu user=nobody argv={LIBEXEC}/dovecot-lda -c {self.dovecot_conf}
  -f ${{sender}} -d ${{user}}
""")
        for name in ("active", "bounce", "corrupt", "defer", "deferred",
                     "flush", "hold", "incoming", "maildrop", "pid",
                     "public", "saved", "trace"):
            os.makedirs(os.path.join(spool, name), exist_ok=True)
        self._own_spool(spool)
        # Not `postfix start`: master in the foreground is ours to stop.
        self._start(["/usr/lib/postfix/sbin/master", "-c", conf, "-d"])
        wait_port(self.smtp)

    @staticmethod
    def _own_spool(spool):
        for name in os.listdir(spool):
            if name != "pid":
                shutil.chown(os.path.join(spool, name), "postfix",
                             "postdrop" if name in ("maildrop", "public")
                             else None)

    def log(self):
        text = ""
        for name in ("dovecot.log", "postfix.log", "stderr.log"):
            if os.path.exists(self.path(name)):
                with open(self.path(name), encoding="utf-8",
                          errors="replace") as file:
                    text += f"== {name}\n" + file.read()[-4000:]
        return text

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
