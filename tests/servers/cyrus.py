"""A second real IMAP server: Cyrus, beside Dovecot, with another idea of most
things that the RFCs leave open. Debian lets only one IMAP server be installed,
so its packages are unpacked where POSTHORN_CYRUS says (tests/run.sh). Needs
root: it gives its own rights up by itself."""

import os
import pwd

import servers as real

ROOT = os.environ.get("POSTHORN_CYRUS", "")
FOLDERS = {"Drafts": "\\Drafts", "Sent": "\\Sent", "Archive": "\\Archive",
           "Junk": "\\Junk", "Trash": "\\Trash"}


def why_not():
    """Why it cannot be started here, or None."""
    if os.geteuid() != 0:
        return "Cyrus needs root"
    if not os.path.exists(os.path.join(ROOT, "usr/lib/cyrus/bin/imapd")):
        return "the packages of Cyrus are not unpacked (tests/run.sh does)"
    return None


class Cyrus(real.Servers):
    """The same interface as Servers; no Postfix."""

    auth = "SCRAM-SHA-256"  # -PLUS is offered, and its binding refused

    def __init__(self, users=real.USERS):
        self.owner = "nobody"
        os.environ["LD_LIBRARY_PATH"] = os.path.join(
            ROOT, "usr/lib", os.uname().machine + "-linux-gnu")
        try:
            super().__init__(users=users)
        finally:
            del os.environ["LD_LIBRARY_PATH"]

    def _dovecot(self):
        cert, key = self.certificates.pair(self.certificate)
        lib = os.path.join(ROOT, "usr/lib/cyrus/bin")
        for name in ("config/socket", "spool", "run", "proc"):
            os.makedirs(self.path("cyrus", name))
        self.write("imapd.conf", f"""
configdirectory: {self.path("cyrus/config")}
partition-default: {self.path("cyrus/spool")}
defaultpartition: default
cyrus_user: {self.owner}
cyrus_group: nogroup
admins: cyrus
allowplaintext: 1
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {self.path("sasldb2")}
sasl_mech_list: PLAIN LOGIN SCRAM-SHA-256
virtdomains: off
autocreate_quota: 0
autocreate_inbox_folders: {"|".join(FOLDERS)}
autocreate_subscribe_folders: {"|".join(FOLDERS)}
{"".join(f"xlist-{use[1:].lower()}: {name}" + chr(10)
         for name, use in FOLDERS.items())}
unixhierarchysep: yes
altnamespace: yes
tls_server_cert: {cert}
tls_server_key: {key}
syslog_prefix: posthorn-test
servername: localhost
proc_path: {self.path("cyrus/proc")}
mboxname_lockpath: {self.path("cyrus/run")}
duplicatesuppression: no
conversations: no
idlesocket: {self.path("cyrus/run")}/idle
maxlogins_per_user: 0
popminpoll: 0
""")
        conf = self.path("imapd.conf")
        self.write("cyrus.conf", f"""
START {{
  recover cmd="{lib}/ctl_cyrusdb -C {conf} -r"
  idled cmd="{lib}/idled -C {conf}"
}}
SERVICES {{
  imap cmd="{lib}/imapd -C {conf} -U 30" listen="127.0.0.1:{self.imap}"
  imaps cmd="{lib}/imapd -C {conf} -s -U 30" listen="127.0.0.1:{self.imaps}"
}}
""")
        for user in self.users:
            real.run(os.path.join(ROOT, "usr/sbin/saslpasswd2"), "-p", "-c", "-f", self.path("sasldb2"),
                     "-u", "localhost", user, input=real.PASSWORD)
        uid = pwd.getpwnam(self.owner).pw_uid
        for top, folders, files in os.walk(self.folder):
            for name in folders + files:
                os.chown(os.path.join(top, name), uid, -1)
        os.chown(self.folder, uid, -1)
        self._start([f"{lib}/master", "-C", conf, "-M",
                     self.path("cyrus.conf"), "-p",
                     self.path("cyrus/run/master.pid"), "-D"])
        real.wait_port(self.imap)
        real.wait_port(self.imaps)


