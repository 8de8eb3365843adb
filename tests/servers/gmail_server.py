"""A server that keeps mail as Gmail does: a message once, a mailbox for each of
its labels, and one that has everything. Speaks what sync needs of IMAP with
X-GM-EXT-1, CONDSTORE and LIST-STATUS."""

import re
import threading

from fake import Fake

ALL, TRASH = "[Gmail]/All Mail", "[Gmail]/Trash"
USES = {ALL: "\\All", TRASH: "\\Trash", "[Gmail]/Sent Mail": "\\Sent",
        "[Gmail]/Drafts": "\\Drafts", "[Gmail]/Starred": "\\Flagged",
        "[Gmail]/Important": "\\Important", "[Gmail]/Spam": "\\Junk"}
CAPABILITIES = ("IMAP4rev1 AUTH=PLAIN SASL-IR UNSELECT UIDPLUS MOVE ENABLE "
                "CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE "
                "LITERAL- X-GM-EXT-1")
# What a search for "-in:inbox … has:nouserlabels" does not look at.
UNSEEN = {ALL, "[Gmail]/Starred", "[Gmail]/Important"}


class Message:
    def __init__(self, number, data):
        self.number, self.data = number, data
        self.flags, self.modseq = set(), 0


class Mailbox:
    def __init__(self):
        self.uids, self.next, self.modseq = {}, 1, 1

    def sequence(self, uid):
        return sorted(self.uids.values()).index(uid) + 1


class Gmail(Fake):
    """What others do to the mail is add(), label() and unlabel()."""

    def __init__(self):
        self.lock = threading.RLock()
        self.boxes = {name: Mailbox() for name in ["INBOX", *USES]}
        self.count, self.modseq = 0, 1
        self.bodies = []  # numbers of messages, as they were fetched
        self.heard = []
        super().__init__(self._talk)

    def add(self, data, *labels):
        with self.lock:
            self.count += 1
            message = Message(self.count, data)
            for name in (ALL, *labels):
                self._enter(message, name)
            return message

    def label(self, message, name):
        with self.lock:
            self._enter(message, name)

    def unlabel(self, message, name):
        with self.lock:
            box = self.boxes[name]
            del box.uids[message]
            self.modseq += 1
            box.modseq = self.modseq

    def labels(self, message):
        with self.lock:
            return {name for name, box in self.boxes.items()
                    if message in box.uids and name != ALL}

    def _enter(self, message, name):
        box = self.boxes.setdefault(name, Mailbox())
        if message in box.uids:
            return
        self.modseq += 1
        box.uids[message] = box.next
        box.next += 1
        box.modseq = message.modseq = self.modseq

    def _talk(self, connection):
        def say(text):
            connection.sendall(text.encode() + b"\r\n")

        say(f"* OK [CAPABILITY {CAPABILITIES}] hello")
        selected = None
        with connection.makefile("rb") as lines:
            for line in lines:
                text = line.decode().strip()
                tag, command, *rest = text.split(" ", 2)
                rest = rest[0] if rest else ""
                command = command.upper()
                if command == "UID":
                    word, rest = rest.split(" ", 1)
                    command = "UID " + word.upper()
                with self.lock:
                    self.heard.append((command, selected, rest))
                    if command in ("SELECT", "UNSELECT"):
                        selected = rest.strip('"').split('"')[0] or None
                    done = self._run(connection, say, command, selected, rest)
                say(f"{tag} {done or 'OK done'}")
                if command == "LOGOUT":
                    return

    def _run(self, connection, say, command, selected, rest):
        name = "_" + command.lower().replace(" ", "_")
        box = self.boxes.get(selected)
        if command == "SELECT":
            return self._select(say, box)
        if command in ("LIST", "CAPABILITY", "ENABLE"):
            return getattr(self, name)(say, rest)
        if command == "UID FETCH":
            return self._fetch(connection, box, rest)
        if command == "CREATE":
            self.boxes.setdefault(rest.strip('"'), Mailbox())
        elif command.startswith("UID "):
            return getattr(self, name)(say, box, rest)
        return None

    @staticmethod
    def _capability(say, _):
        say(f"* CAPABILITY {CAPABILITIES}")

    @staticmethod
    def _enable(say, _):
        say("* ENABLED CONDSTORE")

    def _list(self, say, rest):
        for name, box in self.boxes.items():
            say(f'* LIST (\\Subscribed {USES.get(name, "")}) "/" "{name}"'
                .replace(" )", ")"))
        for name, box in self.boxes.items() if "STATUS" in rest else ():
            say(f'* STATUS "{name}" (MESSAGES {len(box.uids)} UIDNEXT '
                f"{box.next} UIDVALIDITY 1 UNSEEN 0 HIGHESTMODSEQ "
                f"{box.modseq})")

    @staticmethod
    def _select(say, box):
        if box is None:
            return "NO there is none"
        say(f"* {len(box.uids)} EXISTS")
        say("* OK [UIDVALIDITY 1] x")
        say(f"* OK [UIDNEXT {box.next}] x")
        say(f"* OK [HIGHESTMODSEQ {box.modseq}] x")
        say("* OK [PERMANENTFLAGS (\\Seen \\Flagged \\Deleted \\*)] x")
        return "OK [READ-WRITE] done"

    @staticmethod
    def _among(box, words):
        """(message, UID) of a set, by UID."""
        wanted = []
        for part in words.split(","):
            first, _, last = part.partition(":")
            wanted.append((int(first), int(last or first)))
        return sorted(((message, uid) for message, uid in box.uids.items()
                       if any(a <= uid <= b for a, b in wanted)),
                      key=lambda pair: pair[1])

    def _uid_search(self, say, box, rest):
        rest = rest.replace("RETURN (ALL) ", "")
        found = list(box.uids.items())
        if match := re.match(r"UID (\S+) ?", rest):
            found = self._among(box, match.group(1))
        if "X-GM-RAW" in rest:
            assert ('"-in:inbox -in:sent -in:drafts -in:chats '
                    'has:nouserlabels"') in rest, rest
            found = [(m, uid) for m, uid in found
                     if not self.labels(m) - UNSEEN]
        if match := re.search(r'HEADER Message-ID "(.*)"', rest):
            found = [(m, uid) for m, uid in found
                     if match.group(1).encode() in m.data]
        uids = ",".join(str(uid) for uid in sorted(uid for _, uid in found))
        say("* ESEARCH (TAG \"x\") UID" + (f" ALL {uids}" if uids else ""))

    def _fetch(self, connection, box, rest):
        words, items = rest.split(" ", 1)
        since = re.search(r"CHANGEDSINCE (\d+)", items)
        section = re.search(r"BODY\.PEEK(\[.*?\])", items)
        for message, uid in self._among(box, words):
            if since and message.modseq <= int(since.group(1)):
                continue
            labels = " ".join(
                USES.get(name, "\\Inbox" if name == "INBOX" else f'"{name}"')
                for name in sorted(self.labels(message))
                if box is not self.boxes[name])
            told = (f"UID {uid} FLAGS ({' '.join(sorted(message.flags))}) "
                    f'INTERNALDATE "23-Nov-2026 05:13:00 +0000" '
                    f"RFC822.SIZE {len(message.data)} MODSEQ "
                    f"({message.modseq}) X-GM-MSGID {1000 + message.number} "
                    f"X-GM-LABELS ({labels})").encode()
            if section:
                data = message.data
                if section.group(1) == "[]":
                    self.bodies.append(message.number)
                else:
                    data = data[:data.index(b"\r\n\r\n") + 4]
                told += (f" BODY{section.group(1)} {{{len(data)}}}\r\n"
                         ).encode() + data
            connection.sendall(b"* %d FETCH (%s)\r\n"
                               % (box.sequence(uid), told))

    def _uid_store(self, _, box, rest):
        words, what, flags = rest.split(" ", 2)
        for message, _ in self._among(box, words):
            for flag in flags.strip("()").split():
                if "LABELS" in what:
                    flag = flag.strip('"')
                    if what[0] == "+":
                        self._enter(message, flag)
                    elif message in self.boxes.get(flag, Mailbox()).uids:
                        self.unlabel(message, flag)
                elif what[0] == "+":
                    message.flags.add(flag)
                else:
                    message.flags.discard(flag)
            self.modseq += 1
            message.modseq = self.modseq
            for other in self.boxes.values():
                if message in other.uids:
                    other.modseq = self.modseq

    def _leave(self, say, box, message):
        """All Mail has what is not in the trash."""
        if box is self.boxes[ALL] and TRASH not in self.labels(message):
            return
        say(f"* {box.sequence(box.uids[message])} EXPUNGE")
        del box.uids[message]
        self.modseq += 1
        box.modseq = self.modseq

    def _uid_move(self, say, box, rest):
        words, name = rest.split(" ", 1)
        name = name.strip('"')
        moved = self._among(box, words)
        for message, _ in moved:
            self._enter(message, name)
        there = self.boxes[name].uids
        if moved:
            say(f"* OK [COPYUID 1 {','.join(str(u) for _, u in moved)} "
                f"{','.join(str(there[m]) for m, _ in moved)}] x")
        for message, _ in moved:
            if name == TRASH:
                for other in self.labels(message) | {ALL}:
                    if other != TRASH and self.boxes[other] is not box:
                        self.unlabel(message, other)
            self._leave(say, box, message)

    def _uid_expunge(self, say, box, rest):
        for message, _ in self._among(box, rest):
            if "\\Deleted" in message.flags:
                message.flags.discard("\\Deleted")
                self._leave(say, box, message)
