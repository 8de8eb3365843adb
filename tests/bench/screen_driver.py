"""A program in a terminal of our own: what it writes is read at once, with the
time at which it came, and fed to an emulator, so that a benchmark can wait for
what a person would see. Needs python3-pyte."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

QUIET = 0.02  # a frame is over when nothing came for so long


class Program:
    """argv in a terminal; `began` is the time just before exec."""

    def __init__(self, argv, env, columns=120, rows=40):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.size = struct.pack("HHHH", rows, columns, 0, 0)
        self.written = 0   # octets, since the program began
        self.writes = 0    # pieces in which they came
        self.began = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, self.size)
            os.execvpe(argv[0], argv, dict(env, TERM="screen-256color"))

    def read(self, seconds):
        """What comes next: (time, octets), or None."""
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return None
        now = time.monotonic()
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return None
        if not data:
            return None
        self.written += len(data)
        self.writes += 1
        return now, data

    def text(self):
        return "\n".join(self.screen.display)

    def wait(self, seen, seconds=120):
        """Until seen(self) is true: the time at which the last octet for it
        came. Looks only when a piece of output is complete."""
        end = time.monotonic() + seconds
        when = time.monotonic()
        pending = b""
        while time.monotonic() < end:
            got = self.read(0.0 if pending else min(1, seconds))
            if got:
                when = got[0]
                pending += got[1]
                if len(pending) < 1 << 16:
                    continue
            if pending:
                self.stream.feed(pending)
                pending = b""
                if seen(self):
                    return when
        raise TimeoutError(f"never seen:\n{self.text()}")

    def wait_text(self, text, seconds=120):
        return self.wait(lambda self: text in self.text(), seconds)

    def settle(self, quiet=0.3, seconds=60):
        """Until nothing is written for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            got = self.read(quiet)
            if got is None:
                return
            self.stream.feed(got[1])

    def press(self, keys):
        """Seconds from the keys to the last octet that they caused."""
        begin = last = time.monotonic()
        os.write(self.fd, keys)
        got = self.read(10)
        data = b""
        while got:
            last = got[0]
            data += got[1]
            got = self.read(QUIET)
        self.stream.feed(data)
        return last - begin

    def press_until(self, keys, seen, seconds=30):
        """The same where the program writes of itself too: until seen()."""
        begin = time.monotonic()
        os.write(self.fd, keys)
        return self.wait(seen, seconds) - begin

    def memory(self):
        """Resident, in MB; what it alone holds (not code of libraries)."""
        values = {}
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            for line in file:
                name, _, rest = line.partition(":")
                values[name] = rest.split()
        return (int(values["VmRSS"][0]) / 1024,
                int(values["RssAnon"][0]) / 1024)

    def close(self):
        """SIGTERM, then SIGKILL to this process alone."""
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + 15
        while time.monotonic() < end:
            self.read(0.01)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                os.close(self.fd)
                return
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
