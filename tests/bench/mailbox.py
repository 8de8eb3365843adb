"""Invented mailboxes for the benchmarks, the same ones every time: threads of
three, some with a file of 20 KB to 2 MB, 15 % with HTML beside the text.
Python's standard library only."""

import base64
import os
import random
import time

WORDS = ("the of and to in is that for it was on are as with they be at one "
         "have this from by hot but some what there we can out other were all "
         "your when up use word how said an each she which do their time if "
         "will way about many then them would write like so these her long "
         "make thing see him two has look more day could go come did my sound "
         "no most number who over know water than call first people may down"
         ).split()
FIRST_DATE = 1500000000
STEP = 2000  # seconds between two messages
RARE = "migration"  # in the text of every 50th message


class Mailbox:
    """Messages 0 to count - 1, oldest first; `average` octets of text each,
    a file in one of `files`."""

    def __init__(self, count, average, files):
        self.count, self.average, self.files = count, average, files
        self.rng = random.Random(1)
        self.lines = [" ".join(self.rng.choice(WORDS) for _ in range(11))
                      + f" {self._word()}\n" for _ in range(5000)]

    def _word(self):
        return "".join(self.rng.choice("bdfgklmnprst")
                       + self.rng.choice("aeiou") for _ in range(4))

    def _text(self, size):
        parts = []
        while size > 0:
            parts.append(self.rng.choice(self.lines))
            size -= len(parts[-1])
        return "".join(parts)

    def _body(self, number):
        plain = self._text(self.rng.randint(400, 2 * self.average))
        if number % 50 == 0:
            plain = f"About the {RARE}.\n" + plain
        if number % self.files == 0:
            data = self.rng.randbytes(
                int(20000 * 100 ** self.rng.random() ** 4))
            return ("multipart/mixed; boundary=b",
                    f"--b\nContent-Type: text/plain\n\n{plain}\n"
                    "--b\nContent-Type: application/octet-stream\n"
                    "Content-Disposition: attachment; filename=data.bin\n"
                    "Content-Transfer-Encoding: base64\n\n"
                    f"{base64.encodebytes(data).decode()}\n--b--\n")
        if number % 7 == 0:
            html = "".join(f"<p style=\"margin:0\">{line}</p>\n"
                           for line in plain.splitlines())
            return ("multipart/alternative; boundary=b",
                    f"--b\nContent-Type: text/plain\n\n{plain}\n"
                    f"--b\nContent-Type: text/html\n\n{html}\n--b--\n")
        return "text/plain; charset=utf-8", plain

    def date(self, number):
        return FIRST_DATE + number * STEP

    def message(self, number):
        kind, body = self._body(number)
        day = time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                            time.gmtime(self.date(number)))
        answer = (f"In-Reply-To: <{number - 1}@bench.example>\n"
                  f"References: <{number - 1}@bench.example>\n"
                  if number % 3 else "")
        return (f"Received: from a.example by b.example; {day}\n"
                f"From: Sender {number % 97} <s{number % 97}@bench.example>\n"
                f"To: bench@example.org\n"
                f"Subject: Message {number} about {self._word()}\n"
                f"Date: {day}\nMessage-ID: <{number}@bench.example>\n{answer}"
                f"MIME-Version: 1.0\nContent-Type: {kind}\n\n{body}").encode()

    def newest(self):
        """What the row of the newest thread shows."""
        last = self.count - 1
        return f"Message {last - last % 3} about"

    def write(self, folder):
        """As a Maildir, all seen but every tenth. Returns the octets."""
        total = 0
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        for number in range(self.count):
            data = self.message(number)
            seen = "" if number % 10 == 0 else "S"
            # Regular names meet in the same places of Dovecot's hash.
            unique = number * 2654435761 % 2**32
            path = os.path.join(
                folder, "cur",
                f"{self.date(number)}.M{unique:08x}.bench:2,{seen}")
            with open(path, "wb") as file:
                file.write(data)
            os.utime(path, (self.date(number), self.date(number)))
            total += len(data)
        return total


def for_count(count):
    """As large as the mailboxes that the goals were set on: 10,000 messages of
    about 140 MB, 100,000 of 542 MB."""
    return Mailbox(count, 2400, 90) if count >= 50000 \
        else Mailbox(count, 4500, 20)
