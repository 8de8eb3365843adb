#!/usr/bin/python3
"""From a message's delivery on the server to its row, through IDLE: posthorn
following an account beside a client that does nothing but IDLE (how long the
server itself takes to tell). Not part of the test run.
Usage: bench_arrival.py POSTHORN [--messages N] [--arrivals N]"""

import argparse
import imaplib
import os
import signal
import sqlite3
import statistics
import subprocess
import threading
import time

import field


class Idler(threading.Thread):
    """Notes when the server says EXISTS."""

    def __init__(self, servers):
        super().__init__(daemon=True)
        self.imap = imaplib.IMAP4("127.0.0.1", servers.imap)
        self.imap.login("bench", field.real.PASSWORD)
        self.imap.select("INBOX", readonly=True)
        self.told = []
        self.imap.send(b"x1 IDLE\r\n")

    def run(self):
        while True:
            line = self.imap.readline()
            if not line:
                return
            if b"EXISTS" in line:
                self.told.append(time.monotonic())


def wait_row(state, number, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        row = state.execute("SELECT 1 FROM message WHERE message_id = ?",
                            (f"{number}@bench.example",)).fetchone()
        if row:
            return time.monotonic()
        time.sleep(0.001)
    raise SystemExit(f"message {number} did not arrive in {seconds} s")


def measure(servers, mail, first, count, state):
    sender = imaplib.IMAP4("127.0.0.1", servers.imap)
    sender.login("bench", field.real.PASSWORD)
    idler = Idler(servers)
    idler.start()
    ours, theirs = [], []
    for number in range(first, first + count):
        data = mail.message(number).replace(b"\n", b"\r\n")
        seen = len(idler.told)
        sender.append("INBOX", "", None, data)
        begin = time.monotonic()
        ours.append(max(0, wait_row(state, number) - begin))
        while len(idler.told) == seen:
            time.sleep(0.001)
        theirs.append(max(0, idler.told[seen] - begin))
        time.sleep(0.3)
    return theirs, ours


def show(name, times):
    print(f"{name:28} median {statistics.median(times) * 1000:6.0f} ms  "
          f"min {min(times) * 1000:6.0f}  max {max(times) * 1000:6.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posthorn", type=os.path.abspath)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--arrivals", type=int, default=30)
    options = parser.parse_args()
    options.index = False
    mail = field.Mail(files=10**9)
    with field.real.Servers(users=("bench",)) as servers:
        field.fill(servers, mail, options.messages)
        _, peer = field.make_peers(servers, servers.path("bench"), options)
        peer.fresh()
        peer.run("first fetch")
        argv = peer.commands[0] + ["--watch"]
        process = subprocess.Popen(argv, env=peer.env,
                                   stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        state = sqlite3.connect(
            f"file:{peer.dir}/data/posthorn/state.db?mode=ro", uri=True)
        try:
            time.sleep(2)
            theirs, ours = measure(servers, mail, options.messages,
                                   options.arrivals, state)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    show("the server says EXISTS", theirs)
    show("posthorn has the row", ours)
    show("posthorn behind the server",
         [mine - told for mine, told in zip(ours, theirs)])


if __name__ == "__main__":
    main()
