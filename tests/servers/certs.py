"""A certificate authority of the test's own, made by the openssl command:
ca.pem, and for each name NAME.pem with NAME.key behind it."""

import os
import subprocess

CONFIG = """
[ca]
default_ca = here
[here]
dir = {dir}
database = {dir}/index.txt
new_certs_dir = {dir}
certificate = {dir}/ca.pem
private_key = {dir}/ca.key
serial = {dir}/serial
default_md = sha256
policy = any
email_in_dn = no
rand_serial = no
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = dn
[dn]
"""


def openssl(*args):
    subprocess.run(("openssl",) + args, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Certs:
    """good: localhost and 127.0.0.1; expired: the same, over since 2021;
    other: valid, but for another host; self: signed by itself."""

    def __init__(self, folder):
        self.dir = os.path.join(folder, "certs")
        os.mkdir(self.dir)
        self.config = os.path.join(self.dir, "ca.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(dir=self.dir))
        open(os.path.join(self.dir, "index.txt"), "w").close()
        with open(os.path.join(self.dir, "serial"), "w",
                  encoding="utf-8") as file:
            file.write("01\n")
        self.ca = self.path("ca.pem")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                "-subj", "/CN=posthorn test CA", "-keyout", self.path("ca.key"),
                "-out", self.ca)
        here = "DNS:localhost,IP:127.0.0.1"
        self._make("good", here, "20200101000000Z", "20490101000000Z")
        self._make("expired", here, "20200101000000Z", "20210101000000Z")
        self._make("other", "DNS:elsewhere.example", "20200101000000Z",
                   "20490101000000Z")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=" + here,
                "-keyout", self.key("self"), "-out", self.cert("self"))

    def path(self, name):
        return os.path.join(self.dir, name)

    def cert(self, name):
        return self.path(name + ".pem")

    def key(self, name):
        return self.path(name + ".key")

    def _make(self, name, names, start, end):
        request = self.path(name + ".csr")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj",
                "/CN=" + name, "-addext", "subjectAltName=" + names,
                "-keyout", self.key(name), "-out", request)
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in",
                request, "-out", self.cert(name), "-startdate", start,
                "-enddate", end)
        os.chmod(self.key(name), 0o644)
