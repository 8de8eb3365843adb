"""Messages and keys for the tests: signed by python3-dkim, an independent
signer, and a zone both as a dictionary and as text."""

import base64
import os
import subprocess
import sys
import time

# Debian's modules, also for an interpreter that is not Debian's.
sys.path.append("/usr/lib/python3/dist-packages")

from dns_server import A, AAAA, CNAME, MX, TXT, Zone  # noqa: E402

NOW = int(time.time())


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, check=True,
                          capture_output=True).stdout


class Keys:
    """RSA keys by size, made once, and one Ed25519 key."""

    def __init__(self):
        self.rsa = {}

    def private(self, bits=2048):
        if bits not in self.rsa:
            self.rsa[bits] = openssl("genrsa", "-traditional", str(bits))
        return self.rsa[bits]

    def record(self, bits=2048, extra=b""):
        der = openssl("rsa", "-pubout", "-outform", "DER",
                      data=self.private(bits))
        return b"v=DKIM1; k=rsa; " + extra + b"p=" + base64.b64encode(der)


def zone_text(zone):
    """The zone in the format of dns_zone_create()."""
    words = {A: "A", AAAA: "AAAA", MX: "MX", TXT: "TXT", CNAME: "CNAME"}
    lines = []
    for name, records in zone.names.items():
        for kind, value in records:
            if kind == TXT:
                data = '"' + "".join(
                    chr(c) if 32 <= c < 127 and chr(c) not in '"\\'
                    else f"\\{c:03d}" for c in value) + '"'
            elif kind == MX:
                data = f"{value[0]} {value[1]}"
            else:
                data = value
            lines.append(f"{name} {words[kind]} {data}")
    lines += [f"{name} TIMEOUT" for name in zone.dead]
    lines += [f"{name} SERVFAIL" for name in zone.failing]
    return "\n".join(lines) + "\n"


class Checker:
    """check_many over a zone: one process for many messages."""

    def __init__(self, program, zone, folder):
        import json
        self.json, self.folder, self.count = json, folder, 0
        path = os.path.join(folder, "zone")
        with open(path, "w", encoding="latin-1") as file:
            file.write(zone_text(zone))
        self.process = subprocess.Popen(
            [program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def check(self, message, ip="", helo="", sender="", authserv="", now=NOW,
              sealer=""):
        self.count += 1
        path = os.path.join(self.folder, f"{self.count}.eml")
        with open(path, "wb") as file:
            file.write(message)
        self.process.stdin.write(
            "\t".join([path, ip, helo, sender, authserv, str(now),
                       sealer]).encode()
            + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        os.unlink(path)
        return self.json.loads(line)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()
