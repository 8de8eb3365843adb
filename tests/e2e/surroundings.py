"""The program among signals, closed pipes, strange homes and terminals: it ends
in good order, says what is wrong in one line, and gives nothing away."""

import contextlib
import ctypes.util
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

import fake
from harness import Home, Skip, end_process, message, real, until

MANY = 60


def fill(world):
    lea = world.mailbox("lea")
    there = lea.messages()
    for number in range(MANY):
        if f"sur {number}" not in there:
            lea.append(message(f"sur {number}", to="lea@example.org",
                               body=f"line {number}\r\n" * 2000))


def first_files(home):
    """Waits until a first fetch is under way."""
    until(lambda: home.files("lea/INBOX"), 60, "the fetch has begun")


def whole(world, home):
    home.ok("sync", "--no-index")
    there = world.mailbox("lea").messages()
    assert len(home.files("lea/INBOX")) == len(there)


def ended_in_a_sync(world):
    """SIGTERM, SIGHUP, SIGINT amid a first fetch: ended within 5 s, not with
    success, and the next run completes it (P39)."""
    fill(world)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        home = world.home(f"ended-{number}", ["lea"])
        process = home.start("sync", "--no-index")
        first_files(home)
        process.send_signal(signal.SIGSTOP)  # it is still under way, or over
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        begin = time.monotonic()
        process.communicate(timeout=30)
        assert time.monotonic() - begin < 5, "longer than 5 s"
        if process.returncode == -number:  # over, and on its way out
            there = world.mailbox("lea").messages()
            assert len(home.files("lea/INBOX")) == len(there)
        else:
            assert process.returncode in (0, 1), process.returncode
        whole(world, home)


def ended_in_a_hook(world):
    """A hook that hangs does not hold up the end, and ends with it (P39)."""
    pid_file = world.servers.path("hook.pid")
    home = world.home("ended-hook", ["ana"], more=(
        f"hook startup {{ exec sh -c 'echo $$ > {pid_file}; sleep 300' }}\n"))
    process = home.start("sync", "--watch")
    until(lambda: os.path.exists(pid_file) and open(
        pid_file, encoding="utf-8").read().strip(), 60, "the hook runs")
    with open(pid_file, encoding="utf-8") as file:
        pid = int(file.read())
    seconds = end_process(process, signal.SIGTERM, 30)
    assert seconds < 5, seconds
    until(lambda: not os.path.exists(f"/proc/{pid}")
          or "State:\tZ" in open(f"/proc/{pid}/status",
                                 encoding="utf-8").read(),
          20, "the hook ended too")


def stopped_in_a_sync(world):
    """Stopped and gone on amid a fetch: nothing is lost (P40)."""
    home = world.home("stopped", ["lea"])
    process = home.start("sync", "--no-index")
    first_files(home)
    for _ in range(3):
        process.send_signal(signal.SIGTSTP)
        time.sleep(0.1)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.1)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    whole(world, home)


def closed_pipe(world):
    """The reader of the output goes: no death by SIGPIPE (P41)."""
    home = world.homes["stopped"]
    home.ok("sync")
    for args in (("search", "--json", "sur"), ("config",), ("help",),
                 ("help", "--manual"), ("show", "--raw", "sur")):
        process = home.start(*args)
        process.stdout.close()
        process.stderr.close()
        assert process.wait(60) >= 0, (args, process.returncode)


def closed_descriptors(world):
    """Started with 0, 1, 2 closed, no file of ours gets one of their numbers
    and is printed into."""
    home = world.homes["stopped"]
    shell = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', home.posthorn, "-c",
             home.config, "tag", "+closed", "subject:sur"]
    done = subprocess.run(shell, env=home.env, check=False, timeout=90)
    assert done.returncode == 0, done.returncode
    home.ok("check")
    assert len(home.search("tag:closed")) == MANY


def one_line(result, status, *words):
    lines = result.err.strip().splitlines()
    assert result.status in status, result
    assert len(lines) == 1, result
    assert any(word in lines[0] for word in words), (words, result)


def no_home(world):
    """No home, one that is not there, one that cannot be written (P45)."""
    home = world.home("nohome", ["ana"])
    for name in list(home.env):
        if name.startswith("XDG_") or name == "HOME":
            del home.env[name]
    for where in ("/proc/nowhere", "/dev/null/home"):
        home.env["HOME"] = where
        result = home.run("search", "x")
        one_line(result, (1, 2), where.rpartition("/")[0])


def read_only_home(world):
    if os.geteuid() != 0:
        raise Skip("a read-only file system needs root")
    home = world.home("readonly", ["ana"])
    data = home.path("data")
    os.mkdir(data, 0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", data],
                      stderr=subprocess.PIPE, check=False).returncode != 0:
        raise Skip("mount is not allowed here")
    try:
        one_line(home.run("sync"), (1,), data)
    finally:
        subprocess.run(["umount", data], check=False)


def no_locale(world):
    """A locale of C, or one that does not exist, changes no answer (P45)."""
    home = world.home("locale", ["ana"])
    home.ok("sync")
    want = home.ok("folders", "--json").out
    for name in ("C", "xx_XX.UTF-8", ""):
        home.env["LC_ALL"] = name
        assert home.ok("folders", "--json").out == want, name
    del home.env["LC_ALL"]
    assert home.ok("folders", "--json").out == want


def modes_of(top):
    """Everything below that others may touch."""
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            if not stat.S_ISLNK(info.st_mode) and info.st_mode & 0o077:
                yield f"{path} {stat.S_IMODE(info.st_mode):o}"


def umask_zero(world):
    """Whatever the umask is, all of it is the user's alone (P54)."""
    home = world.home("umask", ["ana"], more="set undo-send 1d\n")
    os.rmdir(home.path("run"))
    os.mkdir(home.path("run"), 0o700)
    log = home.path("data", "all.log")
    os.mkdir(home.path("data"), 0o700)
    home.write(home.path("body.txt"), "text\n")
    for name in ("mask one", "mask two"):
        world.mailbox("ana").append(message(name))
    for args in (("--log", log, "sync"), ("tag", "+x", "subject:mask"),
                 ("archive", "subject:two"), ("compose", "--subject", "draft"),
                 ("compose", "--to", "ben@example.org", "--subject", "q",
                  "--body", home.path("body.txt"), "--send")):
        process = home.start(*args, umask=0)
        _, err = process.communicate(timeout=90)
        assert process.returncode == 0, (args, err)
    for top in ("data", "cache", "run"):
        wrong = list(modes_of(home.path(top)))
        assert not wrong, wrong


def symlinks(world):
    """A link planted where a file of ours is made is not followed (P54)."""
    target = world.servers.path("target")
    for name in ("state.db", "outbox/planted.json"):
        home = world.home("link-" + name.replace("/", "-"), ["ana"])
        path = home.path("data", "posthorn", name)
        os.makedirs(os.path.dirname(path), mode=0o700)
        with open(target, "w", encoding="utf-8") as file:
            file.write("not ours")
        os.symlink(target, path)
        result = home.run("sync")
        assert (result.status != 0) == (name == "state.db"), result
        with open(target, encoding="utf-8") as file:
            assert file.read() == "not ours", name
        assert os.path.islink(path), name


def secrets(world):
    """The password is in no argument, environment, log or message, even when
    the server says it back (P53)."""
    said = []

    def parrot(connection):
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] "
                           b"hi\r\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                words = line.decode().split()
                if words[1].upper() == "AUTHENTICATE":
                    said.append(words[3])
                    connection.sendall(
                        f"{words[0]} NO [AUTHENTICATIONFAILED] no {words[3]} "
                        f"is not {real.PASSWORD}\r\n".encode())
                else:
                    connection.sendall(f"{words[0]} OK x\r\n".encode())

    with fake.Fake(parrot) as server:
        home = world.home("secrets", ["ana"],
                          incoming=f"imap+insecure://localhost:{server.port}")
        log = home.path("all.log")
        result = home.run("--log", log, "sync")
        assert result.status == 1 and said, result
        with open(log, encoding="utf-8") as file:
            text = file.read()
        assert "C: \u2022" in text, text
        for secret in (real.PASSWORD, said[0]):
            for where in (text, result.err, result.out):
                assert secret not in where, where
    assert os.stat(log).st_mode & 0o077 == 0


def core_files(world):
    """No core, and no look into its memory by others of the same user (P53)."""
    with fake.Fake(fake.silent) as server:
        home = world.home("cores", ["ana"],
                          incoming=f"imap+insecure://localhost:{server.port}")
        more = {}
        if os.geteuid() == 0:
            for name in ("", "run"):
                shutil.chown(home.path(name), "nobody")
            shutil.chown(home.config, "nobody")
            home.env["ASAN_OPTIONS"] = home.env.get("ASAN_OPTIONS", "") \
                + ":detect_leaks=0"
            more["user"] = "nobody"
        resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(
            resource.RLIMIT_CORE))
        process = home.start("sync", **more)
        try:
            until(lambda: server.accepted, 60, "it is up")
            top = f"/proc/{process.pid}"
            with open(top + "/cmdline", "rb") as file:
                assert real.PASSWORD.encode() not in file.read()
            with open(top + "/limits", encoding="utf-8") as file:
                core = [line for line in file if "core file" in line][0]
            assert core.split()[4:6] == ["0", "0"], core
            # Files of a process that must not be dumped belong to root.
            assert os.stat(top + "/environ").st_uid == 0
            if os.geteuid() == 0:
                with open(top + "/environ", "rb") as file:
                    assert real.PASSWORD.encode() not in file.read()
        finally:
            end_process(process, signal.SIGTERM, 30)


def two_at_once(world):
    """Two programs sync one home at once: nothing doubled (P20)."""
    home = world.home("two", ["lea"])
    both = [home.start("sync") for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert len(home.files("lea/INBOX")) \
        == len(world.mailbox("lea").messages())
    assert len(home.search("folder:lea/INBOX")) \
        == len(world.mailbox("lea").messages())


def index_lost(world):
    """The index is deleted, or broken in several ways: made anew, with the
    tags (P22, P79)."""
    home = world.homes["two"]
    home.ok("tag", "+kept", "subject:\"sur 7\"")
    index = home.path("data", "posthorn", "index")

    def deleted():
        shutil.rmtree(index)

    def half_deleted():
        shutil.rmtree(os.path.join(index, "xapian"))

    def garbage():
        top = os.path.join(index, "xapian")
        for name in os.listdir(top):
            with open(os.path.join(top, name), "r+b") as file:
                size = os.fstat(file.fileno()).st_size
                file.write(b"\xa5garbage\n" * (size // 9))

    def cut():
        top = os.path.join(index, "xapian")
        for name in os.listdir(top):
            os.truncate(os.path.join(top, name), 100)

    for harm in (deleted, half_deleted, garbage, cut):
        harm()
        assert set(home.search("tag:kept")) == {"sur 7"}, harm.__name__
        assert len(home.search("folder:lea/INBOX")) == MANY, harm.__name__
    aside = [name for name in os.listdir(home.path("data", "posthorn"))
             if "broken" in name]
    assert aside, "nothing is thrown away"


def linker_says(home, *args):
    """The libraries that a command opens, by the dynamic linker."""
    top = home.path("linker")
    shutil.rmtree(top, ignore_errors=True)
    os.mkdir(top)
    home.env.update(LD_DEBUG="files", LD_DEBUG_OUTPUT=os.path.join(top, "at"))
    try:
        home.ok(*args)
    finally:
        del home.env["LD_DEBUG"], home.env["LD_DEBUG_OUTPUT"]
    said = ""
    for name in os.listdir(top):
        with open(os.path.join(top, name), encoding="utf-8") as file:
            said += file.read()
    assert "libsqlite3" in said, "the linker said nothing"
    return said


def libraries_when_needed(world):
    """libnotmuch is opened by what reads or writes the index, libunbound by
    what asks the DNS: a sync that finds nothing new does neither."""
    home = world.homes["two"]
    home.ok("sync")
    for args in (("--version",), ("sync", "--no-index"), ("sync",)):
        said = linker_says(home, *args)
        assert "libnotmuch" not in said, args
        assert "libunbound" not in said, args
    assert "libnotmuch" in linker_says(home, "search", "tag:kept")
    home.write(home.path("mail"), message("dns").decode())
    assert "libunbound" in linker_says(home, "verify", "--dns",
                                       "127.0.0.1@9", home.path("mail"))


@contextlib.contextmanager
def unusable(home, name):
    """A file that is no library stands before the one of that name."""
    top = home.path("unusable")
    os.makedirs(top, exist_ok=True)
    home.write(os.path.join(top, ctypes.util.find_library(name)), "")
    home.env["LD_LIBRARY_PATH"] = top
    try:
        yield
    finally:
        del home.env["LD_LIBRARY_PATH"]


def without_libnotmuch(world):
    """Where libnotmuch cannot be opened, mail comes all the same and the rest
    is one line that says what to install; the index is not taken for a broken
    one, and followed again as soon as it can be (P22)."""
    home, lea = world.homes["two"], world.mailbox("lea")
    before = sorted(os.listdir(home.path("data", "posthorn")))
    lea.append(message("without notmuch", to="lea@example.org"))
    with unusable(home, "notmuch"):
        one_line(home.run("sync"), (1,), "install it (Debian: lib")
        assert len(home.files("lea/INBOX")) == len(lea.messages())
        home.ok("sync", "--no-index")
        one_line(home.run("search", "tag:kept"), (1,), "install it (Debian: lib")
    assert sorted(os.listdir(home.path("data", "posthorn"))) == before
    home.ok("sync")
    assert set(home.search("tag:kept")) == {"sur 7"}
    assert set(home.search("without and notmuch")) == {"without notmuch"}


def all_tests(tap, world):
    for test in (ended_in_a_sync, ended_in_a_hook, stopped_in_a_sync,
                 closed_pipe, closed_descriptors, no_home, read_only_home,
                 no_locale, umask_zero, symlinks, secrets, core_files,
                 two_at_once, index_lost, libraries_when_needed,
                 without_libnotmuch):
        tap.run("surroundings: " + test.__name__.replace("_", " "), test,
                world)
