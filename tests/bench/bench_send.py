#!/usr/bin/python3
"""Queued messages to Postfix on loopback, STARTTLS and AUTH: posthorn through
one connection, with durable states and Sent copies, beside msmtp one message a
run. In turns on one machine. Not part of the test run; Postfix needs root.
Usage: bench_send.py POSTHORN [--messages N] [--rounds N]"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "servers"))

import servers as real  # noqa: E402

POSTHORN = """set dns off
account bench {{
    address     ana@{domain}
    incoming    maildir://{dir}/Maildir
    outgoing    smtp://localhost:{port}
    password    "{password}"
    tls-ca-file {ca}
}}
"""

MSMTP = """account default
host localhost
port {port}
auth plain
user ana@{domain}
password {password}
tls on
tls_starttls on
tls_trust_file {ca}
from ana@{domain}
"""

BYTES = 10 * 1024


def message(number):
    rng = random.Random(number)
    lines = []
    while sum(map(len, lines)) < BYTES:
        lines.append("".join(rng.choice("abcdefghij klmnop") for _ in range(72))
                     + "\r\n")
    return (f"From: ana@{real.DOMAIN}\r\nTo: ben@{real.DOMAIN}\r\n"
            f"Subject: bench {number}\r\nMessage-ID: <b{number}@bench>\r\n"
            "Date: Mon, 23 Nov 2026 05:13:00 +0000\r\n\r\n"
            + "".join(lines)).encode()


class Bench:
    def __init__(self, servers, posthorn, count):
        self.servers, self.posthorn = servers, posthorn
        self.messages = [message(number) for number in range(count)]
        self.dir = servers.path("bench")
        os.mkdir(self.dir)
        words = {"domain": real.DOMAIN, "port": servers.smtp, "dir": self.dir,
                 "password": real.PASSWORD, "ca": servers.certificates.ca}
        for name, text in (("posthorn.conf", POSTHORN), ("msmtprc", MSMTP)):
            path = os.path.join(self.dir, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.format(**words))
            os.chmod(path, 0o600)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.dir,
                    "LC_ALL": "C.UTF-8",
                    "XDG_DATA_HOME": os.path.join(self.dir, "data"),
                    "XDG_RUNTIME_DIR": os.path.join(self.dir, "run")}

    def posthorn_once(self):
        for name in ("data", "run", "Maildir"):
            shutil.rmtree(os.path.join(self.dir, name), ignore_errors=True)
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.dir, "Maildir", name))
        os.mkdir(os.path.join(self.dir, "run"), 0o700)
        box = os.path.join(self.dir, "data", "posthorn", "outbox")
        os.makedirs(box, 0o700)
        for number, data in enumerate(self.messages):
            self._queue(box, f"20260101-000000-{number:08x}", data, number)
        begin = time.monotonic()
        done = subprocess.run(
            [self.posthorn, "-c", os.path.join(self.dir, "posthorn.conf"),
             "outbox", "--wait"], env=self.env, capture_output=True,
            text=True, check=False)
        seconds = time.monotonic() - begin
        wanted = f"{len(self.messages)} sent"
        assert wanted in done.stdout, done.stdout + done.stderr
        return seconds

    @staticmethod
    def _queue(box, name, data, number):
        envelope = {
            "version": 1, "account": "bench", "sender": f"ana@{real.DOMAIN}",
            "message_id": f"b{number}@bench", "subject": f"bench {number}",
            "created": int(time.time()), "size": len(data),
            "recipients": [{"address": f"ben@{real.DOMAIN}",
                            "state": "waiting"}]}
        with open(os.path.join(box, name + ".eml"), "wb") as file:
            file.write(data)
        with open(os.path.join(box, name + ".json"), "w",
                  encoding="utf-8") as file:
            json.dump(envelope, file)

    def msmtp_once(self):
        begin = time.monotonic()
        for data in self.messages:
            subprocess.run(
                ["msmtp", "-C", os.path.join(self.dir, "msmtprc"),
                 f"ben@{real.DOMAIN}"], input=data, env=self.env, check=True)
        return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("posthorn")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    times = {"posthorn": [], "msmtp": []}
    with real.Servers() as servers:
        servers.postfix()
        bench = Bench(servers, os.path.abspath(options.posthorn),
                      options.messages)
        for _ in range(options.rounds):
            times["posthorn"].append(bench.posthorn_once())
            times["msmtp"].append(bench.msmtp_once())
    for name, seconds in times.items():
        print(f"{name:10} median {statistics.median(seconds):7.2f} s  "
              f"min {min(seconds):7.2f}  max {max(seconds):7.2f}")
    ratio = (statistics.median(times["posthorn"])
             / statistics.median(times["msmtp"]))
    print(f"ratio {ratio:.3f} (goal: 0.333)")


if __name__ == "__main__":
    main()
