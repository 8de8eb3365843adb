"""A real terminal for the real program: tmux on a socket of its own, in a
scratch directory, so that nothing of the user's is touched. Python's standard
library only."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unicodedata


class Terminal:
    """One tmux server with one window that runs a command."""

    def __init__(self, command, columns=80, rows=24, env=None):
        self.folder = tempfile.mkdtemp(prefix="posthorn-screen-")
        self.socket = os.path.join(self.folder, "tmux")
        home = os.path.join(self.folder, "home")
        os.mkdir(home)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": home, "TMPDIR": self.folder,
            "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "tmux-256color",
            "EDITOR": "true",
        }
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        # Leaks are told by the tests without a screen, which need the slow
        # unwinder for it.
        self.env["ASAN_OPTIONS"] = ":".join([
            self.env.get("ASAN_OPTIONS", ""),
            "log_path=" + os.path.join(self.folder, "asan"),
            "detect_leaks=0", "handle_abort=1", "fast_unwind_on_malloc=1"])
        self.env.update(env or {})
        config = os.path.join(self.folder, "tmux.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write("set -g status off\nset -g escape-time 0\n"
                       "set -g default-terminal tmux-256color\n"
                       "set -g remain-on-exit on\nset -g assume-paste-time 0\n")
        words = " ".join(f"{k}={_quote(v)}" for k, v in self.env.items())
        self._tmux("-f", config, "new-session", "-d", "-x", str(columns),
                   "-y", str(rows), f"exec env -i {words} {command}")

    def _tmux(self, *args, check=True):
        done = subprocess.run(
            ["tmux", "-u", "-S", self.socket, *args], capture_output=True,
            env=dict(self.env, TERM="xterm-256color"), timeout=60)
        if check and done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace"))
        return done.stdout.decode("utf-8", errors="replace")

    def command(self, *words):
        """One of tmux's own commands; what it prints."""
        return self._tmux(*words)

    def keys(self, *keys):
        """Keys by tmux's names: 'j', 'Enter', 'C-d'."""
        self._tmux("send-keys", *keys)

    def type(self, text):
        """Text in one write, as it is."""
        self._tmux("send-keys", "-l", "--", text)

    def paste(self, text):
        self._tmux("set-buffer", "--", text)
        self._tmux("paste-buffer", "-p")

    def raw(self, data):
        """Bytes as a terminal would answer them."""
        self._tmux("send-keys", "-H", *[f"{byte:02x}" for byte in data])

    def record(self):
        """From now on what the program writes, as bytes in a file."""
        path = os.path.join(self.folder, "written")
        self._tmux("pipe-pane", f"exec cat > {_quote(path)}")
        end = time.monotonic() + 60
        while not os.path.exists(path):
            assert time.monotonic() < end
            time.sleep(0.02)
        return path

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self, colours=False):
        """The rows as text, blanks at the end taken off."""
        text = self._tmux("capture-pane", "-p", *(["-e"] if colours else []))
        return [line.rstrip() for line in text.split("\n")][:self.rows()]

    def rows(self):
        return int(self.value("#{pane_height}"))

    def value(self, form):
        return self._tmux("display-message", "-p", form).strip()

    def cursor(self):
        x, y, flag = self.value(
            "#{cursor_x} #{cursor_y} #{cursor_flag}").split()
        return int(x), int(y), flag == "1"

    def pid(self):
        return int(self.value("#{pane_pid}"))

    def ended(self):
        return self.value("#{pane_dead}") == "1"

    def wait(self, test, seconds=60):
        """Until test(screen) is true; the screen. A screen may be seen half
        drawn: a row or a word that is not there yet is waited for too. No test
        depends on how long that takes: the limit only ends a hanging one."""
        end = time.monotonic() + seconds
        while True:
            screen = self.screen()
            with contextlib.suppress(IndexError, ValueError):
                if test(screen):
                    return screen
            if time.monotonic() > end:
                raise AssertionError("never seen; the screen is:\n"
                                     + "\n".join(screen) + self.reports())
            time.sleep(0.02)

    def wait_text(self, text, seconds=60):
        return self.wait(lambda s: any(text in line for line in s), seconds)

    def wait_gone(self, text, seconds=60):
        return self.wait(lambda s: not any(text in line for line in s),
                         seconds)

    def settle(self):
        """Until the screen is the same three times."""
        last, same = None, 0
        for _ in range(200):
            now = self.screen(colours=True)
            same = same + 1 if now == last else 0
            last = now
            if same >= 3:
                break
            time.sleep(0.05)
        return self.screen()

    def wait_end(self, seconds=60):
        end = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > end:
                raise AssertionError("does not end:\n"
                                     + "\n".join(self.screen()))
            time.sleep(0.02)

    def reports(self):
        """What the sanitizers wrote."""
        text = ""
        for name in sorted(os.listdir(self.folder)):
            if name.startswith("asan"):
                with open(os.path.join(self.folder, name),
                          errors="replace", encoding="utf-8") as file:
                    text += "\n" + file.read()
        return text

    def _programs(self):
        """What runs in the window, by pid."""
        try:
            first = str(self.pid())
        except (RuntimeError, ValueError):
            return []
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", first],
                               capture_output=True, text=True, check=False)
        return [int(pid) for pid in [first] + found.stdout.split()]

    def close(self):
        """The terminal goes away; nothing that ran in it may stay (P44)."""
        programs = self._programs()
        self._tmux("kill-server", check=False)
        stayed = [pid for pid in programs if not _ends(pid)]
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not stayed, f"stayed when its terminal was closed: {stayed}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _ends(pid, seconds=60):
    """Whether the process is gone in that time; after it, it is killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)],
                               capture_output=True, text=True, check=False)
        if state.stdout.strip()[:1] in ("", "Z"):
            return True
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    return False


def _quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def width(text):
    """Columns of a row, as tmux counts them."""
    total = 0
    for char in text:
        if unicodedata.combining(char) or unicodedata.category(char) == "Mn":
            continue
        total += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return total


def column_of(text, part):
    """The column where part begins in a row."""
    return width(text[:text.rindex(part)])
