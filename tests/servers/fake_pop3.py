"""A POP3 server that keeps its messages in memory and does one thing wrong.
Wrong is what a Maildrop's members say; the rest is RFC 1939 and CAPA."""

import socket
import ssl
import struct


class Cut(Exception):
    """Ends the connection as the test wants it: by FIN or by RST."""


class Maildrop:
    """messages: unique id -> bytes, oldest first. talk() is for fake.Fake."""

    def __init__(self, messages, **wrong):
        self.messages = dict(messages)
        self.capabilities = ["USER", "TOP", "UIDL", "PIPELINING",
                             "RESP-CODES", "AUTH-RESP-CODE"]
        self.retrieved = []   # unique ids of whole RETRs
        self.deleted = []     # unique ids, after QUIT
        self.logins = 0
        self.commands = []
        self.refuse = {}      # command, or (command, number) -> words of -ERR
        self.cut_in = None    # (number, bytes of it that are sent)
        self.reset = False    # cut by RST
        self.no_dot = None    # number whose final dot never comes
        self.announce = None  # octets that RETR and LIST tell
        self.uidl_lines = None
        self.list_lines = None
        self.quit_cut = None  # "before" the update, or "after" it
        self.in_use = 0       # so many logins are told that it is locked
        self.greeting = b"+OK hello\r\n"
        self.early = b""      # bytes in one packet with the answer to STLS
        self.cert = None
        self.raw = {}         # command -> bytes instead of an answer
        for name, value in wrong.items():
            assert hasattr(self, name), name
            setattr(self, name, value)

    def talk(self, connection):
        try:
            self._session(connection)
        except Cut:
            if self.reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
            else:
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _session(self, connection):
        names = list(self.messages)
        marked = set()
        connection.sendall(self.greeting)
        lines = connection.makefile("rb")
        for line in lines:
            words = line.decode("latin-1").split()
            command = words[0].upper() if words else ""
            number = int(words[1]) if len(words) > 1 and words[1].isdigit() \
                else 0
            self.commands.append(command)
            if command in self.raw:
                connection.sendall(self.raw[command])
                continue
            words = self.refuse.get(command,
                                    self.refuse.get((command, number)))
            if words is not None:
                connection.sendall(f"-ERR {words}\r\n".encode())
                continue
            if command == "STLS":
                connection.sendall(b"+OK\r\n" + self.early)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.cert)
                connection = context.wrap_socket(connection, server_side=True)
                lines.close()
                self._after_stls(connection)
                return
            self._answer(connection, command, number, names, marked)
            if command == "QUIT":
                return

    def _after_stls(self, connection):
        greeting, self.greeting = self.greeting, b""
        try:
            self._session(connection)
        finally:
            self.greeting = greeting

    def _answer(self, connection, command, number, names, marked):
        known = 0 < number <= len(names) and number not in marked
        if command in ("RETR", "TOP", "DELE") and not known:
            connection.sendall(b"-ERR no such message\r\n")
        elif command == "CAPA":
            self._lines(connection, self.capabilities)
        elif command == "PASS":
            self._pass(connection)
        elif command == "UIDL":
            self._lines(connection, self.uidl_lines if self.uidl_lines
                        is not None else
                        [f"{n + 1} {name}" for n, name in enumerate(names)])
        elif command == "LIST":
            self._lines(connection, self.list_lines if self.list_lines
                        is not None else
                        [f"{n + 1} {self._octets(name)}"
                         for n, name in enumerate(names)])
        elif command == "RETR":
            self._retr(connection, number, names[number - 1])
        elif command == "TOP":
            head = self.messages[names[number - 1]].split(b"\r\n\r\n")[0]
            self._send(connection, head + b"\r\n\r\n")
        elif command == "DELE":
            marked.add(number)
            connection.sendall(b"+OK\r\n")
        elif command == "QUIT":
            self._quit(connection, [names[n - 1] for n in marked])
        else:
            connection.sendall(b"+OK\r\n")

    def _octets(self, name):
        return self.announce or len(self.messages[name])

    @staticmethod
    def _lines(connection, lines):
        connection.sendall(b"+OK\r\n" + b"".join(
            (line + "\r\n").encode("latin-1") for line in lines) + b".\r\n")

    def _pass(self, connection):
        self.logins += 1
        if self.in_use > 0:
            self.in_use -= 1
            connection.sendall(b"-ERR [IN-USE] locked by another session\r\n")
        else:
            connection.sendall(b"+OK\r\n")

    @staticmethod
    def _stuffed(data):
        return b"".join(b"." + line if line.startswith(b".") else line
                        for line in data.splitlines(keepends=True))

    def _send(self, connection, data):
        connection.sendall(b"+OK\r\n" + self._stuffed(data) + b".\r\n")

    def _retr(self, connection, number, name):
        data = self.messages[name]
        wire = (f"+OK {self._octets(name)} octets\r\n".encode()
                + self._stuffed(data) + b".\r\n")
        if self.no_dot == number:
            connection.sendall(wire[:-3])
            raise Cut
        if self.cut_in and self.cut_in[0] == number:
            connection.sendall(wire[:self.cut_in[1]])
            raise Cut
        connection.sendall(wire)
        self.retrieved.append(name)

    def _quit(self, connection, names):
        if self.quit_cut == "before":
            raise Cut
        for name in names:
            del self.messages[name]
            self.deleted.append(name)
        if self.quit_cut == "after":
            raise Cut
        connection.sendall(b"+OK\r\n")
