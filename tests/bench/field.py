"""What the benchmarks of fetching share: an invented mailbox on a Dovecot of
their own, the two programs beside each other, a line that delays, figures in
rows. Python's standard library only."""

import base64
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "servers"))

import servers as real  # noqa: E402
from line import Line  # noqa: E402,F401

MBSYNC = """
IMAPAccount bench
Host {host}
Port {port}
User bench
Pass "{password}"
{tls}

IMAPStore there
Account bench

MaildirStore here
Path {dir}/mail/
Inbox {dir}/mail/INBOX
SubFolders Verbatim

Channel bench
Far :there:
Near :here:
Patterns INBOX
Create Near
Expunge Near
SyncState *
"""

POSTHORN = """set dns off
account bench {{
    address   bench@{domain}
    incoming  "{scheme}://bench@{host}:{port}"
    outgoing  "smtp://127.0.0.1:9"
    password  "{password}"
    {more}
}}
"""

OFFLINEIMAP = """
[general]
accounts = bench
metadata = {dir}/metadata
ui = quiet

[Account bench]
localrepository = here
remoterepository = there

[Repository here]
type = Maildir
localfolders = {dir}/mail

[Repository there]
type = IMAP
remotehost = {host}
remoteport = {port}
remoteuser = bench
remotepass = {password}
ssl = {tls}
starttls = no
{ca}
folderfilter = lambda name: name == 'INBOX'
"""

NOTMUCH = """[database]
path={dir}/mail
[user]
name=Bench
primary_email=bench@example.org
[new]
tags=unread;inbox
ignore=.mbsyncstate;.uidvalidity
[maildir]
synchronize_flags=true
"""

COMPRESS = """
mail_plugins = zlib
protocol imap {
  mail_plugins = $mail_plugins imap_zlib
}
"""


class Mail:
    """Invented messages: a vocabulary as uneven as a language's, 15 % with
    HTML beside the text, every nth with a file of 20 KB to 2 MB."""

    def __init__(self, seed=1, files=20):
        self.rng = random.Random(seed)
        self.files = files
        words = sorted({"".join(self.rng.choices("aeionrstlkmdpu", k=size))
                        for size in (2, 3, 4, 5, 6, 7, 8, 9)
                        for _ in range(2500)})
        self.rng.shuffle(words)
        weights = [1 / (rank + 3) for rank in range(len(words))]
        chosen = iter(self.rng.choices(words, weights, k=11 * 20000))
        self.lines = [" ".join(line) + "\n" for line in zip(*[chosen] * 11)]

    def text(self):
        return "".join(self.rng.choices(self.lines,
                                        k=self.rng.randint(6, 58)))

    def attachment(self):
        size = int(20000 * 100 ** self.rng.random() ** 4)
        return base64.encodebytes(self.rng.randbytes(size)).decode()

    def body(self, number):
        plain = self.text()
        if number % self.files == 0:
            return ("multipart/mixed; boundary=b",
                    f"--b\nContent-Type: text/plain\n\n{plain}\n"
                    "--b\nContent-Type: application/octet-stream\n"
                    "Content-Disposition: attachment; filename=data.bin\n"
                    "Content-Transfer-Encoding: base64\n\n"
                    f"{self.attachment()}\n--b--\n")
        if number % 7 == 0:
            html = "".join(f"<p style=\"margin:0\">{line}</p>\n"
                           for line in plain.splitlines())
            return ("multipart/alternative; boundary=b",
                    f"--b\nContent-Type: text/plain\n\n{plain}\n"
                    f"--b\nContent-Type: text/html\n\n{html}\n--b--\n")
        return "text/plain; charset=utf-8", plain

    def message(self, number):
        kind, body = self.body(number)
        day = time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                            time.gmtime(1600000000 + number * 3600))
        answer = (f"In-Reply-To: <{number - 1}@bench.example>\n"
                  f"References: <{number - 1}@bench.example>\n"
                  if number % 3 else "")
        return (f"Received: from a.example by b.example; {day}\n"
                f"From: Sender {number % 97} <s{number % 97}@bench.example>\n"
                f"To: bench@example.org\nSubject: Message {number} about "
                f"{self.rng.choice(self.lines).strip()[:30]}\nDate: {day}\n"
                f"Message-ID: <{number}@bench.example>\n{answer}"
                f"MIME-Version: 1.0\nContent-Type: {kind}\n\n{body}").encode()


def fill(servers, mail, count):
    """Straight into the server's Maildir. Returns the bytes."""
    top = servers.path("mail", "bench")
    total = 0
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(top, name), exist_ok=True)
    for number in range(count):
        data = mail.message(number)
        # Names as a delivery agent makes them: regular ones all meet in the
        # same few places of Dovecot's hash, which then takes minutes.
        unique = mail.rng.getrandbits(48)
        path = os.path.join(
            top, "cur", f"{1600000000 + number}.M{unique:012x}.bench:2,S")
        with open(path, "wb") as file:
            file.write(data)
        total += len(data)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup",
                        servers.path("mail")], check=True)
    return total


# A process whose child is measured is small itself: at its beginning the child
# has the memory of its parent, and a benchmark has that of a mailbox or a line.
MEASURE = """import os, sys, time
begin = time.monotonic()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(child, 0)
print(time.monotonic() - begin, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) != 0)"""


def measure(argv, env):
    """(seconds, KB at most) of a command, which has to succeed."""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", MEASURE, *argv],
                          env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{argv}: {done.stderr.decode()[-2000:]}")
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


class Peer:
    """A program, its scratch folder, the commands of one sync."""

    def __init__(self, name, folder, commands, files, env=None):
        self.name, self.dir = name, folder
        self.commands, self.files = commands, files
        self.env = dict(os.environ, HOME=folder, **(env or {}))
        self.times = {}
        self.peaks = {}
        self.trips = {}

    def fresh(self):
        """What was fetched before goes at the very end: ext4 is slow for
        minutes at making files where thousands were removed."""
        if os.path.exists(self.dir):
            os.rename(self.dir, tempfile.mkdtemp(
                prefix="before-", dir=os.path.dirname(self.dir)))
        os.makedirs(os.path.join(self.dir, "mail"))
        for name, content in self.files.items():
            path = os.path.join(self.dir, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
            os.chmod(path, 0o600)

    def run(self, what, line=None):
        ran = [measure(argv, self.env) for argv in self.commands]
        peak = max(memory for _, memory in ran)
        self.times.setdefault(what, []).append(
            sum(seconds for seconds, _ in ran))
        self.peaks[what] = max(peak, self.peaks.get(what, 0))
        if line:
            self.trips.setdefault(what, []).append(line.trips())

    def files_here(self):
        return sum(len(files) for folder, _, files in os.walk(self.dir)
                   if os.path.basename(folder) in ("cur", "new"))


def offlineimap(folder, where, ca):
    """With its default settings, on one connection."""
    conf = OFFLINEIMAP.format(dir=folder, tls="yes" if ca else "no",
                              ca=f"sslcacertfile = {ca}" if ca else "",
                              **where)
    return Peer("offlineimap", folder,
                [["offlineimap", "-o", "-c", folder + "/offlineimaprc"]],
                {"offlineimaprc": conf})


def make_peers(servers, folder, options, port=None):
    """mbsync with its default settings, offlineimap where it is wanted, and
    posthorn, which is the last."""
    theirs, ours = os.path.join(folder, "mbsync"), os.path.join(folder, "ours")
    tls = getattr(options, "tls", False)
    ca = servers.certificates.ca
    where = {"host": "localhost" if tls else "127.0.0.1",
             "port": port or (servers.imaps if tls else servers.imap),
             "password": real.PASSWORD}
    more = [f"tls-ca-file {ca}"] if tls else []
    if getattr(options, "compress", False):
        more.append(f"compress {options.compress}")
    commands = [["mbsync", "-q", "-c", theirs + "/mbsyncrc", "bench"]]
    sync = [options.posthorn, "-c", ours + "/posthorn.conf", "sync"]
    if options.index:
        commands.append(["notmuch", "new", "--quiet"])
    else:
        sync.append("--no-index")
    mbsyncrc = MBSYNC.format(
        dir=theirs,
        tls=f"SSLType IMAPS\nCertificateFile {ca}" if tls else "SSLType None",
        **where)
    conf = POSTHORN.format(
        domain=real.DOMAIN, scheme="imaps" if tls else "imap+insecure",
        more="\n    ".join(more), **where)
    peers = [Peer("mbsync + notmuch new" if options.index else "mbsync",
                  theirs, commands,
                  {"mbsyncrc": mbsyncrc, "notmuch": NOTMUCH.format(dir=theirs)},
                  {"NOTMUCH_CONFIG": theirs + "/notmuch"})]
    if getattr(options, "offlineimap", False):
        peers.append(offlineimap(os.path.join(folder, "offlineimap"), where,
                                 ca if tls else None))
    peers.append(Peer("posthorn", ours, [sync], {"posthorn.conf": conf}, {
        "XDG_DATA_HOME": ours + "/data",
        "XDG_CACHE_HOME": ours + "/cache",
        "XDG_CONFIG_HOME": ours + "/config",
        "XDG_RUNTIME_DIR": ours}))
    return peers


def report(peers, what):
    for peer in peers:
        times = peer.times[what]
        trips = peer.trips.get(what)
        print(f"{what:16} {peer.name:22} median "
              f"{statistics.median(times):7.3f} s  min {min(times):7.3f}  "
              f"max {max(times):7.3f}  memory {peer.peaks[what] // 1024} MB"
              + (f"  round trips after login {trips[-1]}" if trips else ""))
    ours = statistics.median(peers[-1].times[what])
    for peer in peers[:-1]:
        theirs = statistics.median(peer.times[what])
        print(f"{what:16} ratio to {peer.name}: {ours / theirs:.2f}",
              flush=True)
