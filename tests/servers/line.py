"""A line to a server that takes its time: everything arrives half a round trip
later, at whatever rate. Counts how often the client had to wait."""

import collections
import re
import socket
import threading
import time

CHUNK = 256 * 1024


def end_listening(listener):
    """A thread that is left in accept() takes what comes to the next listener,
    which gets the number of this one."""
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    listener.close()


class Pipe(threading.Thread):
    """One direction: what is read goes out delay seconds later."""

    def __init__(self, source, target, delay, note):
        super().__init__(daemon=True)
        self.source, self.target = source, target
        self.delay, self.note = delay, note
        self.waiting = collections.deque()
        self.there = threading.Semaphore(0)

    def run(self):
        threading.Thread(target=self._send, daemon=True).start()
        while True:
            try:
                data = self.source.recv(CHUNK)
            except OSError:
                data = b""
            self.note(data)
            self.waiting.append((time.monotonic() + self.delay, data))
            self.there.release()
            if not data:
                return

    def _send(self):
        while True:
            self.there.acquire()
            due, data = self.waiting.popleft()
            time.sleep(max(0, due - time.monotonic()))
            try:
                if not data:
                    self.target.shutdown(socket.SHUT_WR)
                    return
                self.target.sendall(data)
            except OSError:
                return


class Line:
    """`with Line(port, 0.05) as line:` listens on line.port."""

    def __init__(self, port, seconds):
        self.target, self.delay = port, seconds / 2
        self.turns, self.said = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_listening(self.listener)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.turns.append([])
            turns = self.turns[-1]
            self.said.append(b"")
            number = len(self.said) - 1
            Pipe(client, server, self.delay,
                 lambda data, turns=turns, number=number:
                 self._said(turns, number, data)).start()
            Pipe(server, client, self.delay,
                 lambda data, turns=turns: self._note(turns, "S", data)
                 ).start()

    def _said(self, turns, number, data):
        self.said[number] += data
        self._note(turns, "C", data)

    def commands(self):
        """The first words of each command since the last call: (UID, MOVE),
        (LIST, "")."""
        lines = b"".join(self.said).split(b"\r\n")
        self.said = [b"" for _ in self.said]
        return [tuple(line.upper().split(b" ")[1:3]) for line in lines
                if re.match(rb"a\d+ ", line)]

    @staticmethod
    def _note(turns, who, data):
        if not turns or turns[-1][0] != who:
            turns.append([who, b""])
        turns[-1][1] += data[:2000 - min(len(turns[-1][1]), 2000)]

    def trips(self):
        """Round trips behind the login that the client waited for, of the
        connection that took most; then forgets them."""
        counts, self.turns = [after_login(turns) for turns in self.turns], []
        return max(counts, default=0)


def after_login(turns):
    count, logged_in = 0, False
    for who, data in turns:
        if who == "S":
            continue
        if b"LOGOUT" in data:
            break  # the end of the line behind it is no command
        count += logged_in
        logged_in |= b"LOGIN" in data or b"AUTHENTICATE" in data
    return count
