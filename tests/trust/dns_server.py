"""A small DNS server on loopback for the tests: a zone is a dictionary, a name
may also never answer or fail. UDP and TCP, standard library only."""

import socket
import socketserver
import struct
import threading

A, CNAME, PTR, MX, TXT, AAAA = 1, 5, 12, 15, 16, 28
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5


def encode_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode("latin-1")
    return out + b"\0"


def encode_data(kind, value):
    if kind == A:
        return socket.inet_aton(value)
    if kind == AAAA:
        return socket.inet_pton(socket.AF_INET6, value)
    if kind in (PTR, CNAME):
        return encode_name(value)
    if kind == MX:
        return struct.pack("!H", value[0]) + encode_name(value[1])
    strings = [value[i:i + 255] for i in range(0, len(value), 255)] or [b""]
    return b"".join(bytes([len(s)]) + s for s in strings)


class Zone:
    """names: {name: [(kind, value), …]}; dead: names that never answer;
    failing: names that are SERVFAIL."""

    def __init__(self, names=None, dead=(), failing=()):
        self.names = names if names is not None else {}
        self.dead, self.failing = set(dead), set(failing)
        self.asked = []

    def answers(self, name, kind):
        """(rcode, records) of a question; None: no answer at all."""
        self.asked.append((name, kind))
        if name in self.dead:
            return None
        if name in self.failing:
            return SERVFAIL, []
        records, at = [], name
        for _ in range(20):
            if at not in self.names:
                below = any(n.endswith("." + at) for n in self.names)
                return (0 if below or records else NXDOMAIN), records
            own = self.names[at]
            records += [(at, k, v) for k, v in own if k == kind]
            alias = [v for k, v in own if k == CNAME and kind != CNAME]
            if not alias:
                return 0, records
            records.append((at, CNAME, alias[0]))
            at = alias[0]
        return 0, records

    def reply(self, packet, limit):
        ident, flags, questions = struct.unpack("!HHH", packet[:6])
        labels, at = [], 12
        while packet[at]:
            size = packet[at]
            labels.append(packet[at + 1:at + 1 + size].decode("latin-1"))
            at += size + 1
        kind = struct.unpack("!H", packet[at + 1:at + 3])[0]
        question = packet[12:at + 5]
        found = self.answers(".".join(labels).lower(), kind)
        if found is None:
            return None
        rcode, records = found
        body = b""
        for name, k, value in records:
            data = encode_data(k, value)
            body += encode_name(name) + struct.pack("!HHIH", k, 1, 300,
                                                    len(data)) + data
        cut = len(body) + len(question) + 12 > limit
        head = struct.pack("!HHHHHH", ident,
                           0x8180 | rcode | (0x200 if cut else 0), 1,
                           0 if cut else len(records), 0, 0)
        return head + question + (b"" if cut else body)


class _Udp(socketserver.BaseRequestHandler):
    def handle(self):
        packet, sock = self.request
        reply = self.server.zone.reply(packet, 1232)
        if reply is not None:
            sock.sendto(reply, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.rfile.read(2)
            if len(head) < 2:
                return
            packet = self.rfile.read(struct.unpack("!H", head)[0])
            reply = self.server.zone.reply(packet, 65535)
            if reply is not None:
                self.wfile.write(struct.pack("!H", len(reply)) + reply)


class _UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class DnsServer:
    """Serves a zone on 127.0.0.1 until stopped; address is HOST@PORT."""

    def __init__(self, zone):
        self.zone = zone
        for _ in range(20):
            self.tcp = _TcpServer(("127.0.0.1", 0), _Tcp)
            port = self.tcp.server_address[1]
            try:
                self.udp = _UdpServer(("127.0.0.1", port), _Udp)
                break
            except OSError:
                self.tcp.server_close()
        self.address = f"127.0.0.1@{port}"
        for server in (self.tcp, self.udp):
            server.zone = zone
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop(self):
        for server in (self.tcp, self.udp):
            server.shutdown()
            server.server_close()
