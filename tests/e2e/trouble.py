"""Bad input from everywhere: each gives one clear line that says what to do
next, the promised exit status, and nothing hangs."""

import os
import signal
import socket
import subprocess
import time

import fake
from harness import Skip, end_process, message, on_screen, until
from line import Line


def expect(result, status, *words):
    """One line on standard error, with one of the words, and the status."""
    lines = [line for line in result.err.splitlines() if line.strip()]
    assert result.status == status, f"wanted status {status}: {result}"
    assert len(lines) == 1, f"wanted one line: {result}"
    assert any(word in lines[0].lower() for word in words), \
        f"wanted one of {words}: {result}"
    assert "\x1b" not in result.err, result


def wrong_password(world):
    home = world.home("wrong", ["ana"], password="not this")
    expect(home.run("sync"), 1, "password")
    rows = world.servers.log().count("auth failed")
    assert rows <= 2, "too many logins"


def dead_host(world):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        home = world.home("dead", ["ana"],
                          incoming=f"imaps://localhost:{port}")
        expect(home.run("sync"), 1, "refused")


def check_looks_at_both(world):
    """`check --online` names the server that is dead, be it the one that
    sends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        home = world.home("check", ["ana"], smtp=port)
        expect(home.run("check", "--online"), 1, f"localhost:{port}",
               "refused")
    if world.servers.smtp:
        result = world.home("checked", ["ana"]).ok("check", "--online")
        assert "ana: the servers are fine" in result.out, result


def no_such_host(world):
    home = world.home("nohost", ["ana"],
                      incoming="imaps://no-such-host.invalid")
    expect(home.run("sync"), 1, "no-such-host.invalid")


def bad_certificate(world, name, *words):
    pair = world.servers.certificates.pair(name)
    with fake.Fake(fake.silent, pair) as server:
        home = world.home("cert-" + name, ["ana"],
                          incoming=f"imaps://localhost:{server.port}")
        expect(home.run("sync"), 1, *words)


def unknown_authority(world):
    home = world.home("noca", ["ana"], ca="/dev/null")
    result = home.run("sync")
    assert result.status in (1, 2), result
    assert "certificate" in result.err.lower() or "tls" in result.err.lower()


def silent_server(world):
    """It may take long to give up, but it ends at once when told to."""
    with fake.Fake(fake.silent) as server:
        home = world.home("silent", ["ana"],
                          incoming=f"imap://localhost:{server.port}")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = home.start("sync")
            end = time.monotonic() + 10
            before = server.accepted
            while server.accepted == before and time.monotonic() < end:
                time.sleep(0.05)
            assert server.accepted > before, "it never connected"
            time.sleep(0.5)
            seconds = end_process(process, number)
            assert seconds < 1, f"signal {number}: {seconds:.2f} s"
            assert process.returncode != 0


def garbage(world):
    with fake.Fake(fake.garbage) as server:
        home = world.home("garbage", ["ana"],
                          incoming=f"imap+insecure://localhost:{server.port}")
        expect(home.run("sync"), 1, "localhost")


def malformed(world):
    with fake.Fake(fake.malformed) as server:
        home = world.home("malformed", ["ana"],
                          incoming=f"imap+insecure://localhost:{server.port}")
        result = home.run("sync")
        expect(result, 1, "localhost", "list", "server")


def plain_needs_tls(world):
    """imap:// never goes on without STARTTLS (P48)."""
    with fake.Fake(fake.malformed) as server:
        home = world.home("notls", ["ana"],
                          incoming=f"imap://localhost:{server.port}")
        expect(home.run("sync"), 1, "starttls", "tls")


def config_missing(world):
    home = world.home("missing", ["ana"])
    os.unlink(home.config)
    os.mkdir(home.config)
    result = home.run("sync")
    assert result.status in (1, 2), result
    assert len(result.err.strip().splitlines()) == 1, result
    assert home.config in result.err, result


def config_unreadable(world):
    home = world.home("unreadable", ["ana"])
    os.chmod(home.config, 0)
    if os.geteuid() == 0:
        raise Skip("root reads everything")
    result = home.run("sync")
    assert result.status in (1, 2), result
    assert home.config in result.err, result


def config_shared(world):
    """A password that others may read is refused."""
    home = world.home("shared", ["ana"])
    os.chmod(home.config, 0o644)
    result = home.run("sync")
    assert result.status in (1, 2), result
    assert "password" in result.err or "read" in result.err, result


def config_typo(world):
    home = world.home("typo", ["ana"])
    with open(home.config, "a", encoding="utf-8") as file:
        file.write("set theem dark\n")
    with open(home.config, encoding="utf-8") as file:
        number = len(file.readlines())
    result = home.run("check")
    assert result.status == 2, result
    assert f":{number}" in result.err and "theme" in result.err, result


def keep_bodies_typo(world):
    home = world.home("keep", ["ana"])
    for value in ("some", "0", "-3", "40000", "7d"):
        text = open(home.config, encoding="utf-8").read()
        home.write(home.config, text.replace(
            "account ana {", f"account ana {{\n    keep-bodies {value}"))
        expect(home.run("sync"), 2, "keep-bodies takes all, none")
        home.write(home.config, text)


def alert(world):
    """What the server wants the user to read is told without its escapes, from
    the shell and on the screen (P59)."""
    with fake.Fake(fake.alarmed) as server:
        home = world.home("alarmed", ["ana"],
                          incoming=f"imap+insecure://localhost:{server.port}")
        result = home.run("sync")
        assert "nearly full" in result.err, result
        assert "\x1b" not in result.err and "\x07" not in result.err, result
        screen = on_screen(home, b"nearly full")
        assert b"\x1b]0;owned" not in screen, screen[-3000:]
        assert b"\x1b[31mnearly" not in screen, screen[-3000:]


def few_connections(world):
    """max-connections is kept to: with 2 the other one listens, with 1 nobody
    does; a message is opened all the same."""
    pat = world.mailbox("pat")
    for most in (1, 2):
        line = Line(world.servers.imap, 0)
        home = world.home(f"most{most}", ["pat"],
                          incoming=f"imap+insecure://127.0.0.1:{line.port}")
        text = open(home.config, encoding="utf-8").read()
        home.write(home.config, text.replace(
            "account pat {", "account pat {\n    keep-bodies none\n"
            f"    max-connections {most}"))
        pat.append(message(f"early {most}"))
        watch = home.start("sync", "--watch")
        try:
            until(lambda: f"early {most}" in home.search(f"early {most}"), 60,
                  "the first message is listed")
            if most == 2:
                pat.append(message("late"))
                until(lambda: "late" in home.search("late"), 60,
                      "the other connection hears of a message")
            assert len(line.turns) <= most, len(line.turns)
        finally:
            end_process(watch)
        line.turns = []
        assert "hello" in home.ok("show", f"early {most}").out
        assert len(line.turns) == 1, len(line.turns)


def unknown_command(world):
    home = world.home("command", ["ana"])
    expect(home.run("serch", "x"), 2, "search")


def unknown_flag(world):
    home = world.homes["command"]
    expect(home.run("sync", "--wach"), 2, "--watch", "watch")


def missing_file(world):
    home = world.homes["command"]
    result = home.run("show", "/no/such/file")
    assert result.status in (1, 2), result
    assert "/no/such/file" in result.err, result


def full_disk(world):
    """The path and the reason; when there is room again, all is well (P17)."""
    if os.geteuid() != 0:
        raise Skip("a small file system needs root")
    home = world.home("full", ["lea"])
    data = home.path("data")
    os.mkdir(data, 0o700)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700",
                           "tmpfs", data], stderr=subprocess.PIPE,
                          check=False)
    if made.returncode != 0:
        raise Skip("mount is not allowed here")
    try:
        lea = world.mailbox("lea")
        for number in range(10):
            lea.append(message(f"big {number}", to="lea@example.org",
                               body="0123456789abcdef" * 40000 + "\r\n"))
        result = home.run("sync", "--no-index")
        assert result.status == 1, result
        assert "space" in result.err.lower(), result
        subprocess.run(["mount", "-o", "remount,size=64m", data], check=True)
        home.ok("sync", "--no-index")
        assert len(home.files("lea/INBOX")) == 10
        assert len({data for data in home.files("lea/INBOX").values()}) == 10
    finally:
        subprocess.run(["umount", data], check=False)


def streams(world):
    """A message of 100 MB takes little more memory than a small one (P32)."""
    peaks = []
    home = world.home("streams", ["lea"])
    for subject, lines in (("small", 1), ("huge", 100000)):
        body = ("x" * 998 + "\r\n") * lines
        world.mailbox("lea").append(
            message(subject, to="lea@example.org", body=body))
        peaks.append(home.peak("sync", "--no-index"))
    sizes = [len(data) for data in home.files("lea/INBOX").values()]
    assert max(sizes) > 99e6, sizes
    assert peaks[1] - peaks[0] < 60e6, peaks


def much_said(world, what):
    """Whatever a server says, a sync takes less than 250 MB (P32). The
    sanitizers keep what was freed: as little as can be."""
    with fake.Fake(fake.much(what)) as server:
        home = world.home("much-" + what, ["ana"],
                          incoming=f"imap+insecure://localhost:{server.port}")
        home.env["ASAN_OPTIONS"] = \
            home.env.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        most = home.peak("sync", "--no-index", status=None)
        assert most < 250e6, f"{most / 1e6:.0f} MB"


def all_tests(tap, world):
    for test in (wrong_password, dead_host, check_looks_at_both,
                 no_such_host):
        tap.run("trouble: " + test.__name__.replace("_", " "), test, world)
    tap.run("trouble: expired certificate", bad_certificate, world,
            "expired", "expired")
    tap.run("trouble: certificate of another host", bad_certificate, world,
            "other", "certificate", "host")
    tap.run("trouble: certificate with a name in CN alone", bad_certificate,
            world, "cn", "certificate", "host")
    for test in (unknown_authority, silent_server, garbage, malformed,
                 plain_needs_tls, config_missing, config_unreadable,
                 config_shared, config_typo, keep_bodies_typo, alert,
                 few_connections, unknown_command, unknown_flag,
                 missing_file, full_disk, streams):
        tap.run("trouble: " + test.__name__.replace("_", " "), test, world)
    for what in ("flags", "keywords", "mailboxes", "names", "headers"):
        tap.run("trouble: much said, " + what, much_said, world, what)
