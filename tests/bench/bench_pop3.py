#!/usr/bin/python3
"""POP3: first fetch and nothing-to-do beside the peer, from Dovecot on loopback
without TLS, in turns on one machine: mpop into a Maildir against posthorn. Not
part of the test run. --killed instead kills first fetches of so many messages
fifty times on the way and checks that nothing is lost, twice, or deleted early.
Usage: bench_pop3.py POSTHORN [--messages N] [--rounds N] [--killed]"""

import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

import e2e  # noqa: E402
import field  # noqa: E402
import pop3  # noqa: E402
from field import Peer, real  # noqa: E402

MPOP = """defaults
tls off
auth user
keep on
received_header off

account bench
host 127.0.0.1
port {port}
user bench
password "{password}"
uidls_file {dir}/uidls
delivery maildir {dir}/mail

account default : bench
"""

POSTHORN = """account bench {{
    address   bench@{domain}
    incoming  "pop3+insecure://bench@127.0.0.1:{port}"
    password  "{password}"
}}
"""


def make_peers(servers, folder, posthorn):
    theirs, ours = os.path.join(folder, "mpop"), os.path.join(folder, "ours")
    mpoprc = MPOP.format(port=servers.pop3, password=real.PASSWORD, dir=theirs)
    conf = POSTHORN.format(port=servers.pop3, password=real.PASSWORD,
                           domain=real.DOMAIN)
    return (Peer("mpop", theirs,
                 [["mpop", "-q", "-C", theirs + "/mpoprc"]],
                 {"mpoprc": mpoprc}),
            Peer("posthorn", ours, [[posthorn, "-c", ours + "/posthorn.conf",
                                     "sync", "--no-index"]],
                 {"posthorn.conf": conf}, {
                     "XDG_DATA_HOME": ours + "/data",
                     "XDG_CACHE_HOME": ours + "/cache",
                     "XDG_CONFIG_HOME": ours + "/config",
                     "XDG_RUNTIME_DIR": ours}))


def first_fetch(peer, messages):
    peer.fresh()
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(peer.dir, "mail", name))
    peer.run("first fetch")
    if peer.files_here() < messages:
        sys.exit(f"{peer.name}: {peer.files_here()} files only")


def compare(options):
    with real.Servers(users=("bench",)) as servers:
        total = field.fill(servers, field.Mail(), options.messages)
        print(f"{options.messages} messages, {total / 1e6:.0f} MB", flush=True)
        peers = make_peers(servers, servers.path("bench"), options.posthorn)
        for _ in range(options.rounds):
            for peer in peers:
                first_fetch(peer, options.messages)
        field.report(peers, "first fetch")
        for _ in range(max(options.rounds, 5)):
            for peer in peers:
                peer.run("nothing to do")
        field.report(peers, "nothing to do")


def killed(options):
    with real.Servers(users=e2e.USERS) as servers:
        world = e2e.World(options.posthorn, servers)
        pop3.killed_often(world, options.messages)
        world.close()
    print(f"killed {pop3.KILLS} times over {options.messages} messages: "
          "nothing lost, nothing twice, nothing deleted early")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posthorn", type=os.path.abspath)
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--killed", action="store_true")
    options = parser.parse_args()
    (killed if options.killed else compare)(options)


if __name__ == "__main__":
    main()
