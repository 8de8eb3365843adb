#!/usr/bin/env python3
"""Who sent this, from outside: signatures by an independent signer in every
state (D1 to D15, A1, A2, U4), a thousand messages beside other verifiers, and
`posthorn verify` against a DNS server on loopback. Prints TAP. Usage: trust.py
CHECK_MANY [POSTHORN]."""

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dns_server import AAAA, A, CNAME, DnsServer, MX, TXT, Zone  # noqa: E402
from signing import Checker, Keys, NOW  # noqa: E402

try:
    import dkim
except ImportError:
    dkim = None
try:
    import spf as pyspf
except ImportError:
    pyspf = None

MESSAGE = (b"From: Ben Okafor <ben@corp.example>\r\n"
           b"To: ana@lindqvist.example\r\nSubject: Slides  and\r\n numbers\r\n"
           b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
           b"Message-ID: <1@corp.example>\r\n\r\n"
           b"Both  attached. \r\n\r\nBen\r\n\r\n\r\n")
KEYS = Keys()
# RFC 8463, appendix A: the key and message.
ED_KEY = b"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
ED_PUBLIC = b"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def zone():
    corp = [(TXT, b"v=spf1 ip4:192.0.2.1 -all")]
    names = {
        "s._domainkey.corp.example": [(TXT, KEYS.record())],
        "weak._domainkey.corp.example": [(TXT, KEYS.record(1024))],
        "tiny._domainkey.corp.example": [(TXT, KEYS.record(768))],
        "ed._domainkey.corp.example": [(TXT, b"k=ed25519; p=" + ED_PUBLIC)],
        "test._domainkey.corp.example": [(TXT, KEYS.record(extra=b"t=y; "))],
        "strict._domainkey.corp.example": [(TXT, KEYS.record(extra=b"t=s; "))],
        "two._domainkey.corp.example": [(TXT, KEYS.record())] * 2,
        "gone._domainkey.corp.example": [(TXT, b"v=DKIM1; p=")],
        "alias._domainkey.corp.example": [
            (CNAME, "s._domainkey.corp.example")],
        "s._domainkey.lists.example": [(TXT, KEYS.record())],
        "tiny._domainkey.lists.example": [(TXT, KEYS.record(768))],
        "s._domainkey.evilcorp.example": [(TXT, KEYS.record())],
        "_dmarc.corp.example": [(TXT, b"v=DMARC1; p=reject")],
        "corp.example": corp,
    }
    return Zone(names, dead=["slow._domainkey.corp.example"],
                failing=["bad._domainkey.corp.example"])


def sign(message=MESSAGE, selector=b"s", domain=b"corp.example", bits=2048,
         **how):
    key = ED_KEY if how.get("signature_algorithm") == b"ed25519-sha256" \
        else KEYS.private(bits)
    return dkim.sign(message, selector, domain, key, **how) + message


def resign(old, new, message=MESSAGE, **how):
    """Signs a DKIM-Signature whose tags were changed: dkimpy's own arithmetic
    over a field that it would not write."""
    field = dkim.sign(message, b"s", b"corp.example", KEYS.private(),
                      canonicalize=(b"relaxed", b"relaxed"), **how)
    head, value = field.split(b"b=", 1)[0], None
    changed = field.replace(old, new) if isinstance(old, bytes) \
        else re.sub(old.encode(), new, field)
    body = re.sub(rb"(\bb=)[A-Za-z0-9+/=\s]+", rb"\1", changed, count=0)
    names = re.search(rb"\bh=([^;]*);", body).group(1)
    names = [n.strip().lower() for n in names.split(b":")]
    fields, _ = dkim.rfc822_parse(message)
    text, used = b"", {}
    for name in names:
        there = [f for f in fields if f[0].lower() == name]
        at = len(there) - 1 - used.get(name, 0)
        used[name] = used.get(name, 0) + 1
        if at >= 0:
            text += relaxed(*there[at])
    raw = body.split(b":", 1)
    text += relaxed(raw[0], raw[1])[:-2]
    with tempfile.NamedTemporaryFile() as key:
        key.write(KEYS.private())
        key.flush()
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", key.name], input=text,
            capture_output=True, check=True).stdout
    import base64
    at = re.search(rb"\bb=", body).end()
    return (body[:at] + base64.b64encode(signature) + body[at:]).rstrip() \
        + b"\r\n" + message


def relaxed(name, value):
    value = re.sub(rb"\r?\n", b"", value)
    value = re.sub(rb"[ \t]+", b" ", value).strip()
    return name.lower().strip() + b":" + value + b"\r\n"


def broken(**how):
    return sign(**how).replace(b"Both  attached", b"Both unattached")


def flood():
    good = sign()
    bad = b"".join(
        b"DKIM-Signature: v=1; a=rsa-sha256; d=x%d.example; s=s; h=from; "
        b"bh=%s; b=YWJj\r\n" % (i, b"A" * 43 + b"=") for i in range(199))
    return bad + good


def two_signatures():
    return sign(sign(), selector=b"gone")


def arc(message=None, domain=b"lists.example", times=1,
        saw=b"dkim=pass header.d=corp.example", first=b"none", selector=b"s",
        key=None):
    message = message or sign()
    for number in range(times):
        server = b"mx%d." % number + domain
        message = b"Authentication-Results: " + server \
            + b"; " + saw + b"; arc=" \
            + (b"pass" if number else first) + b"\r\n" + message
        message = b"".join(dkim.arc_sign(
            message, selector, domain, key or KEYS.private(),
            server)) + message
    return message


def listed(message):
    return message.replace(b"Subject: ", b"List-Id: <l.lists.example>\r\n"
                           b"Subject: [l] ")


# requirement, message, what its first signature must be, what its reason or a
# warning must name ("" nothing in particular, None: no warning at all)
CASES = [
    ("D5-relaxed", lambda: sign(canonicalize=(b"relaxed", b"relaxed")),
     "pass", None),
    ("D5-simple", lambda: sign(canonicalize=(b"simple", b"simple")), "pass",
     None),
    ("D5-mixed", lambda: sign(canonicalize=(b"relaxed", b"simple")), "pass",
     None),
    ("D5-lf", lambda: sign().replace(b"\r\n", b"\n"), "pass", None),
    ("D5-body-changed", broken, "fail", "body"),
    ("D5-header-changed", lambda: sign().replace(b"Slides", b"Sliders"),
     "fail", "header"),
    ("D5-empty-body", lambda: sign(MESSAGE.split(b"\r\n\r\n")[0]
                                   + b"\r\n\r\n"), "pass", None),
    ("D8-ed25519", lambda: sign(selector=b"ed",
                                signature_algorithm=b"ed25519-sha256"),
     "pass", None),
    ("D8-weak", lambda: sign(selector=b"weak", bits=1024), "pass", "weak key"),
    ("D8-tiny", lambda: sign(selector=b"tiny", bits=768), "permerror", "weak"),
    ("D8-sha1", lambda: sign(signature_algorithm=b"rsa-sha1"), "permerror",
     "sha1"),
    ("D10-wrong-type", lambda: sign(selector=b"ed"), "permerror", "type"),
    ("D10-revoked", lambda: sign(selector=b"gone"), "permerror", "revoked"),
    ("D10-several", lambda: sign(selector=b"two"), "permerror", "several"),
    ("D10-testing", lambda: sign(selector=b"test"), "pass", "testing"),
    ("D10-testing-fails", lambda: broken(selector=b"test"), "neutral",
     "testing"),
    ("D11-nxdomain", lambda: sign(selector=b"nobody"), "permerror", "no key"),
    ("D11-servfail", lambda: sign(selector=b"bad"), "temperror", "SERVFAIL"),
    ("D11-timeout", lambda: sign(selector=b"slow"), "temperror", "timeout"),
    ("D6-length", lambda: sign(length=True) + b"more", "pass", "l="),
    ("D6-length-equal", lambda: sign(length=True), "pass", None),
    ("D6-too-long", lambda: resign("q=dns/txt;", b"l=99999;"), "permerror",
     "l="),
    ("D3-identity", lambda: sign(identity=b"ben@corp.example"), "pass", None),
    ("D3-below", lambda: sign(identity=b"ben@mail.corp.example"), "pass",
     None),
    ("D3-strict", lambda: sign(selector=b"strict",
                               identity=b"ben@mail.corp.example"),
     "permerror", "i="),
    ("D3-boundary", lambda: resign("i=@corp.example;", b"i=@evilcorp.example;"),
     "permerror", "i="),
    ("D3-quoted-printable", lambda: resign("i=@corp.example;",
                                           b"i==62en@corp.example;"),
     "pass", None),
    ("D2-version", lambda: resign("v=1;", b"v=2;"), "permerror", "v="),
    ("D2-no-version", lambda: resign("v=1;", b""), "permerror", "v="),
    ("D2-query", lambda: resign("q=dns/txt;", b"q=dns/foo;"), "permerror",
     "q="),
    ("D2-query-list", lambda: resign("q=dns/txt;", b"q=foo:dns/txt;"), "pass",
     None),
    ("D2-canon", lambda: resign("c=relaxed/relaxed", b"c=nowsp"), "permerror",
     "c="),
    ("D2-algorithm", lambda: resign("a=rsa-sha256", b"a=rsa-sha512"),
     "permerror", "a="),
    ("D1-duplicate", lambda: resign("s=s;", b"s=s; s=s;"), "permerror",
     "twice"),
    ("D1-empty", lambda: resign("s=s;", b"s=s;;"), "permerror", "empty"),
    ("D1-unknown", lambda: resign("s=s;", b"s=s; zz=1;"), "pass", None),
    ("D4-no-from", lambda: sign().replace(b"h=from", b"h=x-from")
     .replace(b": from;", b": x-from;"), "permerror", "From"),
    ("D7-expired", lambda: resign(r"t=\d+;", b"t=1000; x=%d;" % (NOW - 9)),
     "policy", "expired"),
    ("D7-not-yet", lambda: resign(r"t=\d+;", b"t=1000; x=%d;" % (NOW + 9)),
     "pass", None),
    ("D7-before", lambda: resign(r"t=\d+;", b"t=2000; x=1000;"),
     "permerror", "x="),
    ("D7-future", lambda: resign(r"t=\d+;", b"t=%d;" % (NOW + 99999)), "pass",
     "future"),
    ("D12-two", two_signatures, "pass", None),
    ("D12-flood", flood, "pass", None),
    ("D13-two-from", lambda: b"From: x@evil.example\r\n"
     + resign(" : from;", b";"), "policy", "From"),
    ("D4-from-added", lambda: b"From: x@evil.example\r\n" + sign(), "fail",
     "header"),
    ("D13-subject", lambda: b"Subject: evil\r\n" + sign(
        include_headers=[b"from", b"subject"]), "pass", "Subject"),
    ("D4-oversigned", lambda: b"Subject: evil\r\n" + sign(
        include_headers=[b"from", b"subject", b"subject"]), "fail", "header"),
    ("D12-over-a-signature", lambda: resign(
        r"h=from", b"h=dkim-signature : from", sign(selector=b"gone")), "pass",
     None),
    ("D10-cname", lambda: sign(selector=b"alias"), "pass", None),
    ("D13-no-from", lambda: sign().replace(b"\r\nFrom: Ben",
                                           b"\r\nX-From: Ben"), "fail",
     "header"),
    ("D14-attached", lambda: MESSAGE.split(b"\r\n\r\n")[0] + b"\r\n"
     b"Content-Type: message/rfc822\r\n\r\n" + sign(), None, None),
    ("D14-body", lambda: MESSAGE + sign(), None, None),
    ("D14-others", lambda: sign().replace(b"DKIM-Signature:",
                                          b"X-Google-DKIM-Signature:"), None,
     None),
    ("M3-unaligned", lambda: sign(domain=b"evilcorp.example"), "pass",
     "align"),
]


def judge(result, want, named):
    first = result["dkim"][0] if result["dkim"] else None
    if (first and first["result"]) != want:
        return f"{first}, not {want}"
    texts = first["warnings"] + [first["reason"]] if first else []
    if named is None and first and first["warnings"]:
        return f"warnings {first['warnings']}"
    if named and not any(named in text for text in texts):
        return f"{texts} do not name {named}"
    return None


def table(checker):
    for name, make, want, named in CASES:
        yield name, judge(checker.check(make()), want, named)


def best_first(checker):
    """Of several signatures the author's, then the list's, then others', then
    what leaves something open, then what is broken."""
    message = sign(listed(MESSAGE), selector=b"gone")
    for domain in (b"corp.example", b"evilcorp.example", b"lists.example"):
        message = sign(message, domain=domain, include_headers=[
            b"from", b"subject"])
    got = [s["domain"] for s in checker.check(message)["dkim"]
           if s["result"] == "pass"]
    want = ["corp.example", "lists.example", "evilcorp.example"]
    if got != want:
        return f"{got}, not {want}"
    last = checker.check(message)["dkim"][-1]["result"]
    return None if last == "permerror" else f"{last} is last"


def dmarc_rows(checker):
    """What DMARC and the verdict make of it."""
    rows = [
        ("M3-pass", sign(), {}, "pass", "pass"),
        ("M3-length-is-none", sign(length=True) + b"x", {}, "fail", "fail"),
        ("M3-subject-is-none", b"Subject: evil\r\n" + sign(
            include_headers=[b"from", b"subject"]), {}, "fail", "fail"),
        ("M3-other-signer", sign(domain=b"evilcorp.example"), {}, "fail",
         "fail"),
        ("M3-spf", MESSAGE, {"ip": "192.0.2.1", "helo": "h.example",
                             "sender": "x@corp.example"}, "pass", "pass"),
        ("M4-temporary", sign(selector=b"bad"), {}, "temperror", "temperror"),
        ("M4-one-passes", sign(sign(), selector=b"bad"), {}, "pass", "pass"),
        ("U4-list", sign(listed(sign()), domain=b"lists.example"), {}, "fail",
         "neutral"),
        ("U4-arc", listed(arc()), {}, "fail", "fail"),
    ]
    yield from via_rows(checker)
    for name, message, envelope, dmarc, verdict in rows:
        got = checker.check(message, **envelope)
        bad = (got["dmarc"]["result"], got["verdict"]["result"])
        yield name, None if bad == (dmarc, verdict) else \
            f"{bad}: {got['verdict']['text']}"


def via_rows(checker):
    """Whose name a message that was re-sent bears: the list's where the list
    signed, else the last sealer's; believed sealers only may vouch for the
    author, and only for what they saw."""
    sealed = arc(listed(sign()), domain=b"evilcorp.example")
    refuted = arc(listed(sign()), domain=b"evilcorp.example",
                  saw=b"dmarc=fail header.from=corp.example")
    silent = arc(listed(sign()), domain=b"evilcorp.example", saw=b"spf=none")
    other = arc(listed(sign()), domain=b"evilcorp.example",
                saw=b"dkim=pass header.d=other.example")
    two = arc(arc(listed(sign())), domain=b"evilcorp.example", first=b"pass")
    evil, lists = "evilcorp.example", "l.lists.example"
    rows = [
        ("U4-via-list", sign(listed(sign()), domain=b"lists.example"), "",
         "neutral", lists, False),
        ("U4-via-other", sign(listed(sign()), domain=b"evilcorp.example"), "",
         "fail", None, False),
        ("U4-via-sealer", sealed, "", "neutral", evil, False),
        ("A2-believed", sealed, evil, "pass", evil, True),
        ("A2-not-believed", sealed, lists, "neutral", evil, False),
        ("A2-believed-says-fail", refuted, evil, "neutral", evil, False),
        ("A2-believed-says-nothing", silent, evil, "neutral", evil, True),
        ("A2-believed-says-of-other", other, evil, "neutral", evil, True),
        ("A2-one-of-two-believed", two, evil, "neutral", evil, False),
    ]
    for name, message, sealer, *want in rows:
        got = checker.check(message, sealer=sealer)["verdict"]
        yield name, None if [got["result"], got.get("via"),
                             got["believed"]] == want else str(got)


def arc_rows(checker):
    good, three = arc(), arc(times=3)
    rows = [
        ("A1-none", MESSAGE, "none"),
        ("A1-one", good, "pass"),
        ("A1-three", three, "pass"),
        ("A1-order", reversed_sets(three), "pass"),
        ("A1-body", good.replace(b"Both", b"None"), "fail"),
        ("A1-missing", good.replace(b"ARC-Seal:", b"X-Seal:"), "fail"),
        ("A1-gap", re.sub(rb"i=2", b"i=5", three), "fail"),
        ("A1-results", three.replace(b"dkim=pass header.d=corp.example",
                                     b"dkim=fail header.d=corp.example"),
         "fail"),
        ("A2-cv", re.sub(rb"cv=none", b"cv=fail", good), "fail"),
        ("A1-first-cv", re.sub(rb"cv=none", b"cv=pass", good), "fail"),
        ("A1-sha1", good.replace(b"a=rsa-sha256", b"a=rsa-sha1"), "fail"),
    ]
    yield "A1-sealers", None if len(
        checker.check(three)["arc"]["sealers"]) == 3 else "not three sets"
    for name, message, want in rows:
        got = checker.check(message)["arc"]
        yield name, None if got["result"] == want else f"{got}, not {want}"
    yield from arc_faults(checker, good)


def arc_faults(checker, good):
    """What is wrong before any key is asked for, by name."""
    fields = good.split(b"\r\nARC-")[0:3]
    rows = [
        ("A1-instance-first", good.replace(b"ARC-Authentication-Results: i=1; ",
                                           b"ARC-Authentication-Results: "),
         "valid i="),
        ("A1-seal-has-h", good.replace(b"cv=none;", b"cv=none; h=from;"),
         "h="),
        ("A1-signature-of-seal", re.sub(rb"(?s)(ARC-Message-Signature:.*?h=)",
                                        rb"\1arc-seal:", good, count=1),
         "ARC-Seal"),
        ("A1-tiny", arc(selector=b"tiny", key=KEYS.private(768)), "weak"),
        ("A1-fifty", b"".join(b"ARC-Seal: i=%d; cv=none\r\n" % i
                              for i in range(1, 52)) + good, "50"),
        ("A1-twice", fields[0] + b"\r\n" + good, "two ARC fields"),
    ]
    for name, message, named in rows:
        got = checker.check(message)["arc"]
        yield name, None if got["result"] == "fail" \
            and named in got["reason"] else f"{got} does not name {named}"


def reversed_sets(message):
    fields, body = dkim.rfc822_parse(message)
    arcs = [f for f in fields if f[0].lower().startswith(b"arc-")]
    rest = [f for f in fields if not f[0].lower().startswith(b"arc-")]
    return b"".join(n + b":" + v for n, v in arcs[::-1] + rest) + b"\r\n" \
        + body


def damage(message, rng):
    """One change somewhere that may or may not matter."""
    kind = rng.randrange(6)
    at = rng.randrange(len(message))
    if kind == 0:
        return message
    if kind == 1:
        return message[:at] + bytes([rng.randrange(33, 126)]) + message[at:]
    if kind == 2:
        return message[:at] + message[at + 1:]
    if kind == 3:
        return message.replace(b"\r\n\r\n", b"\r\n\r\n ", 1)
    if kind == 4:
        return message + b"\r\n\r\n"
    return message.replace(b" ", b"  ", rng.randrange(4))


def theirs(message, names):
    """dkimpy's verdict on the first signature that it verifies."""
    def lookup(name, timeout=5):
        name = name.decode().rstrip(".").lower() if isinstance(name, bytes) \
            else name.rstrip(".").lower()
        records = [v for k, v in names.get(name, []) if k == TXT]
        return records[0] if len(records) == 1 else None
    try:
        return dkim.DKIM(message, minkey=1024).verify(dnsfunc=lookup)
    except Exception:  # a message that it cannot read has no good signature
        return False


def thousand(checker, names):
    """A message passes here where it passes there. The differences that are
    meant: dkimpy neither judges added fields nor two From fields nor l=, reads
    a field name with blanks otherwise, and takes sha1."""
    rng, differ, passed = random.Random(1), [], 0
    ways = [
        {"canonicalize": (b"relaxed", b"relaxed")},
        {"canonicalize": (b"simple", b"simple")},
        {"canonicalize": (b"relaxed", b"simple")},
        {"canonicalize": (b"simple", b"relaxed")},
        {"selector": b"ed", "signature_algorithm": b"ed25519-sha256"},
        {"selector": b"weak", "bits": 1024},
        {"domain": b"evilcorp.example"},
        {"selector": b"gone"}, {"selector": b"nobody"},
    ]
    signed = [sign(**way) for way in ways] + [MESSAGE]
    for number in range(1000):
        message = damage(rng.choice(signed), rng)
        got = checker.check(message)["dkim"]
        mine = bool(got) and got[0]["result"] == "pass"
        passed += mine
        if mine != theirs(message, names) and not meant(message, got):
            differ.append((number, got, message))
    if not 200 < passed < 900:
        return f"{passed} passed: the set shows nothing"
    return f"{len(differ)} differ, such as {differ[0]}" if differ else None


def peak(process):
    """The most memory that it ever held, in KiB."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))


def streamed(program, names, folder):
    """25 MB take no more memory than a few lines, within 1 MB."""
    checker = Checker(program, names, folder)
    large = sign(MESSAGE + b"A line of  words.\r\n" * (25 << 20 >> 4),
                 canonicalize=(b"relaxed", b"relaxed"))
    peaks = []
    for message in (sign(), sign(), large):
        result = checker.check(message)["dkim"][0]["result"]
        if result != "pass":
            return f"{len(message)} octets: {result}"
        peaks.append(peak(checker.process))
    checker.close()
    grown = peaks[2] - peaks[1]
    return f"grew by {grown} KiB: {peaks}" if grown >= 1024 else None


def meant(message, got):
    head = re.split(rb"\r?\n\r?\n", message)[0].lower()
    return len(re.findall(rb"(?m)^from\s*:", head)) != 1


SPF_RECORDS = [
    b"v=spf1 ip4:192.0.2.0/24 -all", b"v=spf1 a mx ~all", b"v=spf1 a/24 ?all",
    b"v=spf1 include:_a.corp.example -all", b"v=spf1 mx:corp.example//64 -all",
    b"v=spf1 redirect=_a.corp.example", b"v=spf1 exists:%{i}.e.corp.example "
    b"-all", b"v=spf1 ip6:2001:db8::/32 -all", b"v=spf1 include:none.example "
    b"-all", b"v=spf1 a:none.example a:none2.example a:none3.example -all",
    b"v=spf1 moo -all", b"v=spf1 ip4:192.0.2.0/33 -all", b"v=spf1", b"v=spf10",
    b"v=spf1 " + b"include:_a.corp.example " * 11 + b"-all",
    b"v=spf1 exists:%{l1r+-}.%{d2}.e.corp.example +all", b"v=spf1 ptr -all",
    b"v=spf1 all:x", b"v=spf1 -all moo=%{d}", b"v=spf1 ip4:192.0.2.1 "
    b"ip4:203.0.113.0/25 a:h.corp.example/29 -all",
]


def beside_pyspf(program, folder):
    """A thousand pairs of a record and an address beside pyspf."""
    names = {
        "_a.corp.example": [(TXT, b"v=spf1 ip4:198.51.100.7 -all")],
        "h.corp.example": [(A, "203.0.113.200"), (AAAA, "2001:db8::9")],
        "192.0.2.1.e.corp.example": [(A, "127.0.0.2")],
    }
    for i, record in enumerate(SPF_RECORDS):
        names[f"r{i}.corp.example"] = [(TXT, record), (A, "203.0.113.201"),
                                       (MX, (10, "h.corp.example"))]
    names["corp.example"] = [(MX, (10, "h.corp.example"))]
    pyspf.DNSLookup = lambda name, kind, *_, **__: fake_lookup(names, name,
                                                              kind)
    checker, bad = Checker(program, Zone(names), folder), []
    rng = random.Random(7208)
    addresses = ["192.0.2.1", "198.51.100.7", "203.0.113.202", "203.0.113.9",
                 "2001:db8::9", "2001:db9::1"]
    for net in ("192.0.2.", "198.51.100.", "203.0.113."):
        addresses += [net + str(rng.randrange(256)) for _ in range(12)]
    addresses += [f"2001:db{rng.randrange(6, 10)}::{rng.randrange(16):x}"
                  for _ in range(8)]
    for i, record in enumerate(SPF_RECORDS):
        for ip in addresses:
            sender = f"a+b@r{i}.corp.example"
            want = pyspf.check2(i=ip, s=sender, h="h.corp.example")[0]
            got = checker.check(MESSAGE, ip, "h.corp.example",
                                sender)["spf"]["result"]
            if want != got:
                bad.append(f"{record} {ip}: {got}, pyspf {want}")
    checker.close()
    return "; ".join(bad) or None


def fake_lookup(names, name, kind):
    kinds = {"TXT": TXT, "A": A, "AAAA": AAAA, "MX": MX}
    found = []
    for k, value in names.get(name.rstrip(".").lower(), []):
        if k != kinds.get(kind):
            continue
        if k == TXT:
            value = (value,)
        elif k == AAAA:
            import ipaddress
            value = ipaddress.IPv6Address(value).packed
        found.append(((name, kind), value))
    return found


class Flood(Zone):
    """Below flood.example each answer is forty aliases, the last one new; in
    loop.example two names are each other's."""

    def answers(self, name, kind):
        if name.endswith("loop.example"):
            self.asked.append((name, kind))
            other = "b.loop.example" if name != "b.loop.example" \
                else "a.loop.example"
            return 0, [(name, CNAME, other)]
        if not name.endswith("flood.example"):
            return super().answers(name, kind)
        self.asked.append((name, kind))
        records, at = [], name
        for number in range(40):
            to = f"{len(self.asked)}.{number}.flood.example"
            records.append((at, CNAME, to))
            at = to
        return 0, records


def flooded(posthorn, home, env):
    """Aliases without end are answered: few questions, bounded time."""
    zone_of_aliases = Flood({})
    server = DnsServer(zone_of_aliases)
    for domain in (b"flood.example", b"loop.example"):
        begin = time.monotonic()
        done = subprocess.run(
            [posthorn, "verify", "--json", "--dns", server.address, "-"],
            input=MESSAGE.replace(b"corp.example", domain), env=env, cwd=home,
            capture_output=True, timeout=120)
        took = time.monotonic() - begin
        got = json.loads(done.stdout or "{}").get("dmarc", {}).get("result")
        if got not in ("none", "temperror", "permerror") or took > 45 \
                or len(zone_of_aliases.asked) > 1000:
            server.stop()
            return f"{domain}: {got}, {took:.0f} s, " \
                   f"{len(zone_of_aliases.asked)} questions {done.stderr}"
        zone_of_aliases.asked.clear()
    server.stop()
    return None


def verify_rows(posthorn):
    """The program itself, DNS over UDP and TCP."""
    names = zone()
    # over 512 octets, and over what UDP carries: asked again by TCP
    names.names["s._domainkey.corp.example"] = [
        (TXT, KEYS.record(2048, b"n=" + b"x" * 1500 + b"; "))]
    names.names["_dmarc.corp.example"] = [(TXT, b"v=DMARC1; p=reject")]
    names.dead.add("_dmarc.silent.example")
    server = DnsServer(names)
    home = tempfile.mkdtemp()
    env = dict(os.environ, HOME=home, XDG_RUNTIME_DIR=home)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        env.pop(name, None)

    def run(message, *args):
        done = subprocess.run(
            [posthorn, "verify", "--dns", server.address, *args, "-"],
            input=message, capture_output=True, env=env, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def parsed(message, *args):
        code, out, err = run(message, "--json", *args)
        return json.loads(out) if code == 0 else {"error": err.decode()}

    got = parsed(sign(), "--client-ip", "192.0.2.1", "--helo", "h.example",
                 "--mail-from", "x@corp.example", "--date", str(NOW))
    yield "verify-all-pass", None if (
        got.get("verdict", {}).get("result") == "pass"
        and got["spf"]["result"] == "pass"
        and got["dkim"][0]["result"] == "pass"
        and got["dmarc"] == dict(got["dmarc"], result="pass", policy="reject",
                                 domain="corp.example")) else str(got)
    got = parsed(broken(), "--client-ip", "203.0.113.9", "--helo", "x.example",
                 "--mail-from", "x@corp.example")
    yield "verify-forged", None if (
        got.get("verdict", {}).get("result") == "fail"
        and got["spf"]["result"] == "fail" and got["verdict"]["alarm"]) \
        else str(got)
    begin = time.monotonic()
    got = parsed(MESSAGE.replace(b"corp.example", b"silent.example"))
    took = time.monotonic() - begin
    yield "D11-never-answers", None if (
        got.get("dmarc", {}).get("result") == "temperror" and took < 45) \
        else f"{took:.0f} s: {got}"
    claim = b"Authentication-Results: mx.r.example; dmarc=pass\r\n" + MESSAGE
    one = parsed(claim, "--authserv-id", "MX.r.example")
    other = parsed(claim)
    yield "R3-authserv-id", None if (
        one.get("authres", [{}])[0].get("trusted") is True
        and other["authres"][0]["trusted"] is False) else f"{one} {other}"
    code, out, _ = run(sign())
    yield "verify-for-people", None if (
        code == 0 and "From corp.example" in out.decode()
        and "DMARC   pass" in out.decode()) else out.decode()
    code, _, err = run(sign(), "--dns", "nonsense")
    yield "verify-usage", None if code == 2 and b"ADDRESS@PORT" in err \
        else f"{code} {err}"
    yield "verify-store", stored(posthorn, server, env, home)
    yield "D11-aliases-without-end", flooded(posthorn, home, env)
    yield "U5-on-arrival", arrived(posthorn, server, env, home)
    server.stop()


def stored(posthorn, server, env, home):
    """What --store keeps is found again; a temporary result is not kept; the
    account's own authserv-id counts."""
    mail = os.path.join(home, "mail")
    for folder in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(mail, folder))
    own = [MESSAGE.replace(b"<1@", b"<%d@" % i) for i in range(4)]
    messages = [
        sign(own[0]), b"Authentication-Results: mx.r.example; dmarc=fail "
        b"header.from=corp.example\r\n" + own[1], sign(own[2], selector=b"bad"),
        own[3].replace(b"corp.example", b"free.example")]
    for i, message in enumerate(messages):
        with open(os.path.join(mail, "cur", f"{i}:2,"), "wb") as file:
            file.write(message)
    config = os.path.join(home, "conf")
    with open(config, "w") as file:
        file.write(f'set dns off\naccount w {{ address ana@lindqvist.example; '
                   f'incoming "maildir://{mail}"; '
                   f'authserv-id mx.r.example }}\n')

    def run(*words):
        done = subprocess.run([posthorn, "-c", config, *words], env=env,
                              capture_output=True, timeout=120)
        return done.stdout if done.returncode == 0 else done.stderr

    run("sync")
    run("verify", "--store", "--dns", server.address, "*")
    counts = [run("count", "auth:" + word).strip()
              for word in ("pass", "fail", "unverified")]
    want = [b"1", b"1", b"1"]
    return None if counts == want else f"{counts}, not {want}"


def arrived(posthorn, server, env, home):
    """What arrives is checked: the event tells the verdict, queries find each
    method and the signer; what the user sent and an account that wants no
    checks are never asked about; a key that the DNS has lost since is known."""
    mail, quiet = os.path.join(home, "all"), os.path.join(home, "quiet")
    told, config = os.path.join(home, "told"), os.path.join(home, "arrive")
    for top in (mail, os.path.join(mail, ".Sent"), quiet):
        for folder in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(top, folder))
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"""set dns-server {server.address}
account a {{ address ana@lindqvist.example; incoming "maildir://{mail}" }}
account q {{ address ana@quiet.example; incoming "maildir://{quiet}"
    sender-checks off }}
hook message-arrived --query 'auth:pass or auth:unverified or auth:fail' {{
    exec sh -c 'echo $POSTHORN_VERDICT $POSTHORN_MESSAGE_ID >> {told}'
}}
""")
    env = dict(env, XDG_DATA_HOME=os.path.join(home, "arrived"))

    def run(*words):
        done = subprocess.run([posthorn, "-c", config, *words], env=env,
                              capture_output=True, timeout=120)
        return (done.stdout if done.returncode == 0 else done.stderr).decode()

    def deliver(top, name, message):
        path = os.path.join(top, "tmp", name)
        with open(path, "wb") as file:
            file.write(message)
        os.rename(path, os.path.join(top, "new", name))

    def named(name, domain=b"corp.example", message=MESSAGE):
        return message.replace(b"<1@", b"<" + name + b"@").replace(
            b"corp.example", domain)

    said = run("sync")
    names = server.zone.names
    names["once._domainkey.corp.example"] = [(TXT, KEYS.record())]
    deliver(mail, "1", sign(named(b"good"), selector=b"once"))
    deliver(mail, "2", named(b"free", b"free.example"))
    deliver(mail, "3", sign(named(b"late"), selector=b"bad"))
    deliver(quiet, "4", named(b"unasked", b"quiet.example"))
    deliver(os.path.join(mail, ".Sent"), "5", named(b"own", b"own.example"))
    said += run("sync")
    with open(told, encoding="utf-8") as file:
        got = sorted(file.read().split("\n"))
    if got != ["", "pass good@corp.example", "unverified free@free.example"]:
        return f"told {got}: {said}"
    for query, want in (
            ("property:posthorn.dmarc=pass", 1),
            ("property:posthorn.dkim=pass", 1),
            ("property:posthorn.dkim=none", 1),
            ("property:posthorn.signer=corp.example", 1),
            ("property:posthorn.dmarc=temperror", 0),
            ("auth:pass", 1), ("auth:unverified", 1), ("*", 5)):
        got = run("count", query).strip()
        if got != str(want):
            return f"{query}: {got}, not {want}"
    asked = [name for name, _ in server.zone.asked]
    for name in asked:
        if "quiet.example" in name or "own.example" in name:
            return f"asked for {name}"
    del names["once._domainkey.corp.example"]
    other = subprocess.run(
        [posthorn, "-c", config, "verify", "--json", "id:good@corp.example"],
        env=env, capture_output=True, timeout=120).stdout
    other = json.loads(other or "{}")
    if (other.get("dkim") or [{}])[0].get("result") != "pass":
        return f"the key is not known any more: {other}"
    names["lindqvist.example"] = [(TXT, b"v=spf1 -all")]
    said = run("check", "--online")
    for words in ("SPF: the record is sound", "DKIM: no message signed by "
                  "lindqvist.example", "DMARC: ", "SPF: quiet.example has no"):
        if words not in said:
            return f"check --online: no {words}: {said}"
    said = run("expect-signer", "id:good@corp.example")
    rules = run("signers").splitlines()
    if rules[-1:] != ["signers ben@corp.example corp.example"] \
            or "signers paypal.com paypal.com" not in rules:
        return f"expect-signer: {said} {rules[-3:]}"
    deliver(mail, "6", named(b"forged"))
    run("sync")
    got = run("count", "auth:fail and id:forged@corp.example").strip()
    return None if got == "1" else f"forged against a rule: {got}"


def rows(check_many, posthorn, folder):
    if dkim is not None:
        names = zone()
        checker = Checker(check_many, names, folder)
        yield from table(checker)
        yield "D12-best-first", best_first(checker)
        yield from dmarc_rows(checker)
        yield from arc_rows(checker)
        yield "thousand-beside-dkimpy", thousand(checker, names.names)
        yield "25-MB-streamed", streamed(check_many, names, folder)
        code = checker.close()
        yield "check-many-ends", None if code == 0 else f"status {code}"
        if posthorn:
            yield from verify_rows(posthorn)
    if pyspf is not None:
        yield "S1-beside-pyspf", beside_pyspf(check_many, folder)


def main():
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, bad in rows(sys.argv[1], sys.argv[2:] and sys.argv[2],
                              folder):
            count += 1
            if bad:
                print("# " + bad.replace("\n", "\n# "))
            print(f"{'not ok' if bad else 'ok'} {count} - {name}", flush=True)
    print(f"1..{count}" + ("" if count else " # SKIP no python3-dkim"))


main()
