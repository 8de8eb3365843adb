"""Servers that misbehave, a thread each, on a loopback port."""

import socket
import ssl
import threading

from line import end_listening


class Fake:
    """talk(connection) runs for each connection; what it raises ends that
    connection alone. cert: a pair of paths, then it speaks TLS at once."""

    def __init__(self, talk, cert=None):
        self.talk = talk
        self.context = None
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*cert)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        self.accepted = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.connections.append(connection)
            threading.Thread(target=self._one, args=(connection,),
                             daemon=True).start()

    def _one(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection,
                                                      server_side=True)
                self.connections.append(connection)
            self.talk(connection)
        except (OSError, ValueError):
            pass

    def stop(self):
        end_listening(self.listener)
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def silent(connection):
    """Takes what comes and never answers."""
    while connection.recv(4096):
        pass


def garbage(connection):
    connection.sendall(b"\x00\xff\x1b[31m no greeting of any protocol\r\n" * 9)
    silent(connection)


def _imap(connection, answers, refused=None, more=""):
    """A server as small as it can be: answers is command -> lines, or what
    makes pieces of them; what has the bytes refused is answered with NO. more:
    capabilities."""
    connection.sendall(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR "
                       + more.encode() + b"] hi\r\n")
    with connection.makefile("rb") as lines:
        for line in lines:
            words = line.decode("latin-1").split()
            tag, command = words[0], words[1].upper()
            if command == "UID":
                command += " " + words[2].upper()
            if command == "AUTHENTICATE" and len(words) < 4:
                connection.sendall(b"+ \r\n")
                lines.readline()
            if refused and refused in line:
                connection.sendall(f"{tag} NO it is shut\r\n".encode())
                continue
            text = answers.get(command, "")
            for piece in text() if callable(text) else (text,):
                connection.sendall(piece.encode("latin-1"))
            connection.sendall(f"{tag} OK done\r\n".encode())


def malformed(connection):
    """Logs in, then says what no grammar has."""
    _imap(connection, {"LIST": "* LIST ((((( \"unclosed\r\n"
                               "* FETCH \x01\x02 {99999999999999999999}\r\n",
                       "SELECT": "* 5000000000 EXISTS\r\n"})


def _lines(count, line):
    """count lines, as line(number) makes them, some at once."""
    def pieces():
        for first in range(1, count + 1, 1000):
            last = min(first + 1000, count + 1)
            yield "".join(line(number) for number in range(first, last))
    return pieces


def _opened(count):
    return {"LIST": "* LIST () \"/\" INBOX\r\n",
            "SELECT": f"* {count} EXISTS\r\n"
                      "* OK [UIDVALIDITY 1] x\r\n"
                      f"* OK [UIDNEXT {count + 1}] x\r\n"}


def _flags(number):
    return f"* {number} FETCH (UID {number} FLAGS (\\Seen))\r\n"


def _keywords(number):
    words = " ".join(f"{n}k{number}" + "w" * 180 for n in range(190))
    return f"* {number} FETCH (UID {number} FLAGS ({words}))\r\n"


def _name(number):
    return f"* LIST () \"/\" {number}" + "n" * 900 + "\r\n"


def _long_name(number):
    return f"* LIST () \"/\" {number}" + "n" * 900000 + "\r\n"


def _part(number):
    """A header and a preview of what is told as the flags of a message, too."""
    head = f"Subject: {number}\r\nX: " + "x" * 60000 + "\r\n\r\n"
    words = "p" * 900000
    return (f"* {number} FETCH (UID {number} FLAGS () INTERNALDATE "
            "\"02-Jan-2023 10:00:00 +0000\" RFC822.SIZE 100000 "
            f"PREVIEW {{{len(words)}}}\r\n{words} BODY[HEADER.FIELDS (DATE)] "
            f"{{{len(head)}}}\r\n{head})\r\n")


def much(what):
    """Says more than anybody has: "flags", "keywords", "mailboxes", "names" or
    "headers"."""
    answers = _opened(2500000)
    more = ""
    if what == "flags":
        answers["UID FETCH"] = _lines(2500000, _flags)
    elif what == "keywords":
        answers["UID FETCH"] = _lines(4000, _keywords)
    elif what == "mailboxes":
        answers["LIST"] = _lines(50000, _name)
    elif what == "names":
        answers["LIST"] = _lines(300, _long_name)
    else:
        answers = _opened(300)
        answers["UID FETCH"] = _lines(300, _part)
        more = "PREVIEW"
    return lambda connection: _imap(connection, answers, more=more)


ALERT = "\x1b]0;owned\x07Disk \x1b[31mnearly full"


def alarmed(connection):
    """Has one empty mailbox, and something that the user has to read."""
    _imap(connection, {"LIST": "* LIST () \"/\" INBOX\r\n"
                               f"* OK [ALERT] {ALERT}\r\n",
                       "SELECT": "* 0 EXISTS\r\n"
                                 "* OK [UIDVALIDITY 1] x\r\n"
                                 "* OK [UIDNEXT 1] x\r\n"})


def shut(connection):
    """One mailbox of two cannot be opened."""
    _imap(connection, {"LIST": "* LIST () \"/\" INBOX\r\n"
                               "* LIST () \"/\" Vault\r\n",
                       "SELECT": "* 0 EXISTS\r\n"
                                 "* OK [UIDVALIDITY 1] x\r\n"
                                 "* OK [UIDNEXT 1] x\r\n"}, b"Vault")


class Smtp(Fake):
    """Takes mail, as it is told to. answers: what a command, or a recipient, is
    answered instead of "250 ok"; None ends the connection there. "body" is the
    place in the middle of a message, "." its end. taken: what was accepted,
    (sender, recipients, bytes)."""

    def __init__(self, cert=None, **answers):
        self.answers = answers
        self.taken = []
        self.heard = []
        super().__init__(self._talk, cert)

    def _say(self, connection, place, default):
        text = self.answers.get(place, default)
        if text is None:
            raise ValueError("told to end")
        connection.sendall(text.encode() + b"\r\n")
        return text

    def _talk(self, connection):
        try:
            self._dialogue(connection)
        finally:
            connection.close()

    def _dialogue(self, connection):
        self._say(connection, "greeting", "220 fake ESMTP")
        sender, to = None, []
        with connection.makefile("rb") as lines:
            for line in lines:
                line = line.decode().strip()
                self.heard.append(line)
                word = line.split(" ")[0].split(":")[0].upper()
                address = line.partition("<")[2].partition(">")[0]
                if word == "DATA":
                    self._say(connection, "DATA", "354 go on")
                    data = self._message(lines)
                    self.seen = data
                    answer = self._say(connection, ".", "250 2.0.0 taken")
                    if answer.startswith("2"):
                        self.taken.append((sender, to, data))
                    sender, to = None, []
                    continue
                if word == "MAIL":
                    sender, to = address, []
                place = address if address in self.answers else word
                answer = self._say(connection, place, "250 ok")
                if word == "RCPT" and answer.startswith("2"):
                    to.append(address)

    def _message(self, lines):
        data = bytearray()
        for line in lines:
            if "body" in self.answers:
                raise ValueError("told to end")
            if line == b".\r\n":
                return bytes(data)
            data += line[1:] if line.startswith(b".") else line
        raise ValueError("the client is gone")
