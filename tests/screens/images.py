#!/usr/bin/env python3
"""Images of a message on a real terminal, with servers on loopback that count
what they are asked. Prints TAP. Usage: images.py POSTHORN [NAME…]"""

import base64
import contextlib
import http.server
import os
import shutil
import struct
import threading
import zlib

from alive import Mail, Skip, command, main, until

TESTS = []
OWN = "set images-from-own-network 127.0.0.1\n"


def test(function):
    TESTS.append(function)
    return function


def png(columns, rows):
    """Red above, blue below."""
    pixels = b"".join(b"\0" + (b"\xff\0\0" if y < rows // 2 else b"\0\0\xff")
                      * columns for y in range(rows))

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 2, 0,
                                         0, 0))
            + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


class Server:
    """Serves PNG files; /to?URL is a redirect, /no is not there."""

    def __init__(self, host="127.0.0.1"):
        self.asked, self.headers = [], []
        self.gate = threading.Event()
        self.gate.set()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                server.asked.append(self.path)
                server.headers.append(dict(self.headers))
                server.gate.wait(60)
                if self.path.startswith("/to?"):
                    self.send_response(302)
                    self.send_header("Location", self.path[4:])
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = b"" if self.path == "/no" else png(64, 32)
                self.send_response(200 if body else 404)
                self.send_header("Set-Cookie", "who=ana")
                self.send_header("Content-Length", str(len(body)))
                with contextlib.suppress(BrokenPipeError):
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()
        self.url = f"http://{host}:{self.http.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gate.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def html(subject, body, more=""):
    """A message in HTML alone."""
    return Mail.message(subject, None, body + "\n").replace(
        b"\n\n", f"\n{more}MIME-Version: 1.0\n"
        "Content-Type: text/html; charset=utf-8\n\n".encode(), 1)


def emptied(more=""):
    """A Mail without the messages it comes with."""
    mail = Mail(more)
    for number in range(3):
        os.unlink(mail.path("mail", "cur", f"n{number}:2,"))
    return mail


def opened(mail, terminal, text):
    terminal.wait(lambda s: any("Ben" in row for row in s))
    terminal.keys("Enter")
    return terminal.wait_text(text)


def drawn(terminal):
    """Is there a row of an image: blocks on a coloured ground?"""
    return any("48;5;" in row and any(block in row for block in "▀▄█▁▂▃▅▆▇")
               for row in terminal.screen(colours=True))


def need_chafa():
    if shutil.which("chafa") is None:
        raise Skip("no chafa")


@test
def by_the_key_alone():
    """Nothing is asked for until i is pressed; then each image once, a tracker
    never, an address of the own network never; nothing is told of who asks, and
    nothing is remembered (P61)."""
    with emptied(OWN) as mail, Server() as server, \
            Server("127.0.0.2") as private:
        mail.deliver("a", html(
            "pictures",
            f"<p>words <img src={server.url}/one.png alt=first>"
            f"<p><img src={server.url}/two.png><img src={server.url}/two.png>"
            f"<p><img src={server.url}/to?{private.url}/x alt=third>"
            f"<img src={server.url}/t.gif width=1 height=1>"
            f"<div style='display:none'><img src={server.url}/h.gif></div>"))
        with mail.terminal(rows=60) as terminal:
            opened(mail, terminal, "3 remote images not loaded · i loads")
            terminal.wait_text("2 trackers left out")
            terminal.type("zi")
            terminal.wait_text("[image 2: two.png, not loaded]")
            terminal.resize(90, 60)
            terminal.settle()
            assert not server.asked, server.asked
            terminal.type("i")
            terminal.wait_text("Loaded 2 of 3 images. 127.0.0.2: an address")
            terminal.wait_text("[image 3: third · 127.0.0.2: an address")
            terminal.wait_text("1 remote image not loaded · i loads")
            once = sorted(["/one.png", "/two.png", f"/to?{private.url}/x"])
            assert sorted(server.asked) == once, server.asked
            for headers in server.headers:
                assert headers.keys() == {"Host", "User-Agent", "Accept"}, \
                    headers
                assert headers["User-Agent"] == "Mozilla/5.0", headers
            terminal.type("i")
            terminal.wait_text("Loaded 0 of 1 image. 127.0.0.2")
            assert server.asked[3:] == [f"/to?{private.url}/x"], server.asked
            terminal.type("q")
            terminal.wait(lambda s: s[0].startswith(" Inbox"))
            opened(mail, terminal, "3 remote images not loaded · i loads")
            terminal.settle()
            assert len(server.asked) == 4, server.asked
            assert not private.asked, private.asked
            terminal.type("Q")


@test
def own_network_is_refused():
    """Without the option nothing of this machine is asked, by address or by
    name; each failure is said in its place (P61)."""
    with emptied() as mail, Server() as server:
        port = server.url.rpartition(":")[2]
        mail.deliver("a", html(
            "pictures", f"<p><img src={server.url}/1><p>"
            f"<img src=http://localhost:{port}/2><p>"
            f"<img src=ftp://127.0.0.1/3>"))
        with mail.terminal(rows=60) as terminal:
            opened(mail, terminal, "3 remote images not loaded · i loads")
            terminal.type("i")
            terminal.wait_text("Loaded 0 of 3 images.")
            terminal.wait_text("[image 1: 1 · 127.0.0.1: an address of this")
            terminal.wait_text("[image 2: 2 · localhost: an address of this")
            terminal.wait_text("[image 3: 3 · 127.0.0.1: ftp is not asked")
            assert not server.asked, server.asked
            terminal.type("Q")


@test
def locked_junk_encrypted_offline():
    """Not for a message whose sender check failed, not for junk, not for an
    encrypted one, not while offline (P61)."""
    with emptied(OWN) as mail, Server() as server:
        image = f"words<img src={server.url}/1>"
        mail.deliver("a", b"Authentication-Results: mx.r.example; dmarc=fail "
                     b"header.from=example.org\n" + html("pictures", image))
        mail.write("posthorn.conf", "set dns off\n" + OWN
                   + "account here {\n    address ana@example.org\n"
                   "    authserv-id mx.r.example\n"
                   f"    incoming maildir://{mail.path('mail')}\n}}\n")
        with mail.terminal(rows=30) as terminal:
            opened(mail, terminal, "Links and attachments are locked")
            terminal.wait(lambda s: any(
                row.strip() == "1 remote image not loaded" for row in s))
            terminal.type("i")
            terminal.wait_text("Images are locked: the sender check failed")
            terminal.type("zi")
            terminal.settle()
            terminal.type("X")
            terminal.wait_text("Unlocked by you")
            terminal.type("O")
            terminal.wait_text("Offline: what you do waits here.")
            terminal.type("i")
            terminal.wait_text("offline: images are not loaded. O goes online.")
            assert not server.asked, server.asked
            terminal.type("O")
            terminal.wait_text("Online")
            terminal.type("i")
            terminal.wait_text("Loaded 1 of 1 image.")
            assert server.asked == ["/1"], server.asked
            terminal.type("Q")
    for more, said in (
            ("junk", "Remote images of junk are not loaded"),
            ("encrypted", "of an encrypted message are not loaded")):
        with emptied(OWN) as mail, Server() as server:
            image = f"words<img src={server.url}/1>"
            if more == "junk":
                for part in ("cur", "new", "tmp"):
                    os.makedirs(mail.path("mail", "Junk", part))
                with open(mail.path("mail", "Junk", "cur", "a:2,"),
                          "wb") as file:
                    file.write(html("pictures", image))
            else:
                mail.deliver("a", Mail.message("pictures").replace(
                    b"\n\nhello\n",
                    b"\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
                    b"Content-Type: text/html\n\n" + image.encode()
                    + b"\n--b\nContent-Type: application/pkcs7-mime\n\nx\n"
                    b"--b--\n"))
            with mail.terminal(rows=30) as terminal:
                terminal.wait_text("keys")
                if more == "junk":
                    terminal.settle()
                    terminal.type("gj")
                opened(mail, terminal, "1 remote image not loaded")
                terminal.type("i")
                terminal.wait_text(said)
                terminal.settle()
                assert not server.asked, server.asked
                terminal.type("Q")


def related(picture):
    """An image that HTML shows, and one that is attached."""
    data = base64.encodebytes(picture).decode()
    return Mail.message("pictures").replace(
        b"\n\nhello\n",
        ("\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n"
         "--b\nContent-Type: text/html\n\n<p>before<img src=cid:in><p>after\n"
         "--b\nContent-Type: image/png\nContent-ID: <in>\n"
         f"Content-Transfer-Encoding: base64\n\n{data}\n"
         "--b\nContent-Type: image/png; name=photo.png\n"
         "Content-Disposition: attachment\n"
         f"Content-Transfer-Encoding: base64\n\n{data}\n"
         "--b\nContent-Type: image/svg+xml; name=drawing.svg\n"
         "Content-Disposition: attachment\n\n<svg/>\n--b--\n").encode())


def apart(screen):
    """The rows from "before" to "after"; ValueError while one of them is not
    there."""
    words = [row.strip() for row in screen]
    return words.index("after") - words.index("before")


@test
def of_the_message_itself():
    """z i draws what the message brings along, at its place, and takes it away
    again; another width has it drawn anew."""
    need_chafa()
    with emptied() as mail:
        mail.deliver("a", related(png(640, 320)))
        with mail.terminal(rows=60) as terminal:
            opened(mail, terminal, "after")
            before = terminal.settle()
            assert not drawn(terminal), before
            terminal.type("zi")
            terminal.wait(lambda _: drawn(terminal))
            terminal.wait_text("[image 3: drawing.svg · is no PNG")
            place = apart(terminal.wait(lambda s: apart(s) > 5))
            terminal.resize(40, 60)
            terminal.wait(lambda s: drawn(terminal) and 1 < apart(s) < place)
            terminal.resize(80, 60)
            terminal.type("zi")
            terminal.wait(lambda s: s[3:] == before[3:])
            terminal.type("Q")
            terminal.wait_end()
            assert not terminal.reports(), terminal.reports()


@test
def without_a_program_to_draw():
    """Without chafa a line says what there is, and another program gets it."""
    with emptied() as mail:
        picture = png(64, 32)
        mail.deliver("a", related(picture))
        os.mkdir(mail.path("bin"))
        for name in ("env", "tmux", "sh", "cp"):
            os.symlink(shutil.which(name), mail.path("bin", name))
        opener = mail.script("opener", f'cp "$1" {mail.path("got")}\n')
        with mail.terminal(rows=40, PATH=mail.path("bin")) as terminal:
            opened(mail, terminal, "after")
            command(terminal, f"set opener {opener}")
            terminal.type("zi")
            terminal.wait_text(
                "[image 1: image/png 64×32, :open-image 1 opens it]")
            terminal.wait_text(
                "[image 2: photo.png 64×32, :open-image 2 opens it]")
            command(terminal, "open-image 2")
            terminal.wait_text("Opened photo.png")
            until(lambda: os.path.exists(mail.path("got"))
                  and os.path.getsize(mail.path("got")) == len(picture),
                  "nothing was opened")
            with open(mail.path("got"), "rb") as file:
                assert file.read() == picture
            command(terminal, "open-image 3")
            terminal.wait_text("There is no image of that number here.")
            terminal.type("Q")


@test
def left_while_loading():
    """The page is left, and the program ended, while a server is silent."""
    with emptied(OWN) as mail, Server() as server:
        server.gate.clear()
        mail.deliver("a", html("pictures", f"words<img src={server.url}/1>"))
        with mail.terminal(rows=30) as terminal:
            opened(mail, terminal, "1 remote image not loaded · i loads")
            terminal.type("i")
            terminal.wait_text("[image 1: 1, loading…]")
            until(lambda: server.asked == ["/1"], "it was never asked")
            terminal.type("q")
            terminal.wait(lambda s: s[0].startswith(" Inbox"))
            opened(mail, terminal, "1 remote image not loaded · i loads")
            terminal.type("i")
            until(lambda: len(server.asked) == 2, "it was never asked again")
            terminal.type("Q")
            terminal.wait_end()
            assert not terminal.reports(), terminal.reports()


@test
def one_message_of_a_thread():
    """The key loads for the message it is pressed on, and for no other of the
    thread (P61)."""
    with emptied(OWN) as mail, Server() as server:
        mail.deliver("a", html("root", f"words<img src={server.url}/a>"))
        mail.deliver("b", html("Re: root", f"answer<img src={server.url}/b>",
                               "In-Reply-To: <root@test.example>\n")
                     .replace(b"05:13", b"05:14"))
        with mail.terminal(rows=60) as terminal:
            opened(mail, terminal, "2 of 2")
            terminal.type("zR")
            terminal.wait(lambda s: sum("1 remote image not loaded" in row
                                        for row in s) == 2)
            terminal.type("gg")
            terminal.type("K")
            terminal.type("i")
            terminal.wait_text("Loaded 1 of 1 image.")
            assert server.asked == ["/a"], server.asked
            terminal.wait_text("[image 1: b, not loaded]")
            terminal.type("J")
            terminal.type("i")
            terminal.wait_gone("[image 1: b, not loaded]")
            terminal.wait_gone("[image 1: b, loading…]")
            assert server.asked == ["/a", "/b"], server.asked
            terminal.type("Q")


@test
def without_colours():
    """Without colours nothing is drawn: a line says what there is."""
    with emptied() as mail:
        mail.deliver("a", related(png(64, 32)))
        with mail.terminal(rows=40, NO_COLOR="1") as terminal:
            opened(mail, terminal, "after")
            terminal.type("zi")
            terminal.wait_text("[image 2: photo.png 64×32, :open-image 2")
            terminal.type("Q")


if __name__ == "__main__":
    main(TESTS)
