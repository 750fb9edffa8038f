#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""deliver-remote against every kind of answer that the DNS can give.

usage: unshare -n dns.py [CASE…]    (in an empty network namespace, with all
                                    capabilities over it)

A second namespace has the mail hosts, each on port 25 of an address of its own,
so that none of them is this machine.  One line a case is printed,
"CASE LETTER STATUS SERVER": the fate, K delivered (however it is called), D
refused for good, Z to be tried again; its code; and the host that took the
message or "-".  The answer in full is behind it.  What each has to be, and why, stands in
dns.bats.
"""
import ctypes
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

OUR = "10.77.0.1"
GOOD, OTHER, DOWN, CLOSED, UNREACHED, REFUSING, NOT_SMTP = (
    "10.77.0.%d" % n for n in range(2, 9))
GOOD6 = "fd77::2"
MX_GOOD = ["@ MX 10 mx.@", "mx.@ A " + GOOD]

# name: lines of the zone, "@" being the domain of the case.
ZONES = {
    "mx": MX_GOOD,
    "mx-order": ["@ MX 20 b.@", "@ MX 10 a.@", "a.@ A " + CLOSED,
                 "b.@ A " + GOOD],
    "mx-best": ["@ MX 20 b.@", "@ MX 10 a.@", "a.@ A " + OTHER,
                "b.@ A " + GOOD],
    "mx-equal": ["@ MX 10 b.@", "@ MX 10 a.@", "a.@ A " + CLOSED,
                 "b.@ A " + GOOD],
    "mx-not-a": ["@ MX 10 mx.@", "mx.@ A " + GOOD, "@ A " + OTHER],
    "mx-zero": ["@ MX 0 mx.@", "@ MX 1 b.@", "mx.@ A " + GOOD,
                "b.@ A " + OTHER],
    "mx-upper-case": ["@ MX 10 MX.@", "mx.@ A " + GOOD],
    "first-421": ["@ MX 10 a.@", "@ MX 20 b.@", "a.@ A " + DOWN,
                  "b.@ A " + GOOD],
    "first-not-smtp": ["@ MX 10 a.@", "@ MX 20 b.@", "a.@ A " + NOT_SMTP,
                       "b.@ A " + GOOD],
    "first-unreached": ["@ MX 10 a.@", "@ MX 20 b.@", "a.@ A " + UNREACHED,
                        "b.@ A " + GOOD],
    "first-550-rcpt": ["@ MX 10 a.@", "@ MX 20 b.@", "a.@ A " + REFUSING,
                       "b.@ A " + GOOD],
    "two-addresses": ["@ MX 10 mx.@", "mx.@ A " + CLOSED, "mx.@ A " + GOOD],
    "ipv6": ["@ MX 10 mx.@", "mx.@ AAAA " + GOOD6],
    "ipv6-closed": ["@ MX 10 mx.@", "mx.@ AAAA fd77::9", "mx.@ A " + GOOD],
    "implicit": ["@ A " + GOOD],
    "implicit-ipv6": ["@ AAAA " + GOOD6],
    "all-closed": ["@ MX 10 a.@", "@ MX 20 b.@", "a.@ A " + CLOSED,
                   "b.@ A " + CLOSED],
    "all-unreached": ["@ MX 10 a.@", "a.@ A " + UNREACHED],
    "nxdomain": [],
    "nothing": ["@ TXT word"],
    "null-mx": ["@ MX 0 .", "@ A " + GOOD],
    "null-mx-10": ["@ MX 10 .", "@ A " + GOOD],
    "null-and-mx": ["@ MX 0 ."] + MX_GOOD,
    "cname": ["@ CNAME c.@", "c.@ MX 10 mx.c.@", "mx.c.@ A " + GOOD],
    "cname-to-a": ["@ CNAME c.@", "c.@ A " + GOOD],
    "cname-chain": ["@ CNAME c1.@", "c1.@ CNAME c2.@", "c2.@ CNAME c3.@",
                    "c3.@ CNAME c4.@", "c4.@ MX 10 mx.@", "mx.@ A " + GOOD],
    "cname-loop": ["@ CNAME c1.@", "c1.@ CNAME c2.@", "c2.@ CNAME @"],
    "cname-itself": ["@ CNAME @"],
    "cname-nxdomain": ["@ CNAME gone.@"],
    "cname-null-mx": ["@ CNAME c.@", "c.@ MX 0 ."],
    "mx-to-cname": ["@ MX 10 mx.@", "mx.@ CNAME h.@", "h.@ A " + GOOD],
    "mx-to-cname-loop": ["@ MX 10 mx.@", "mx.@ CNAME h.@", "h.@ CNAME mx.@",
                         "@ MX 20 b.@", "b.@ A " + GOOD],
    "mx-gone": ["@ MX 10 gone.@", "@ A " + GOOD],
    "mx-no-address": ["@ MX 10 mx.@", "mx.@ TXT word", "@ A " + GOOD],
    "mx-gone-other": ["@ MX 10 gone.@", "@ MX 20 mx.@", "mx.@ A " + GOOD],
    "mx-a-servfail": ["@ MX 10 mx.@", "mx.@ * !servfail"],
    "mx-a-servfail-other": ["@ MX 10 a.@", "a.@ * !servfail", "@ MX 20 mx.@",
                            "mx.@ A " + GOOD],
    "mx-gone-and-servfail": ["@ MX 10 gone.@", "@ MX 20 mx.@",
                             "mx.@ * !servfail"],
    "implicit-servfail": ["@ A !servfail", "@ AAAA !servfail"],
    "aaaa-servfail": ["@ MX 10 mx.@", "mx.@ AAAA !servfail",
                      "mx.@ A " + GOOD],
    "servfail": ["@ MX !servfail", "@ A " + GOOD],
    "referral": ["@ * !referral"],
    "refused": ["@ MX !refused", "@ A " + GOOD],
    "formerr": ["@ MX !formerr", "@ A " + GOOD],
    "notimp": ["@ MX !notimp", "@ A " + GOOD],
    "silent": ["@ MX !silent", "@ A " + GOOD],
    "silent-once": ["@ MX !silent-once"] + MX_GOOD,
    "silent-a": ["@ MX 10 mx.@", "mx.@ * !silent"],
    "truncated": ["@ MX !truncate"] + MX_GOOD,
    "truncated-a": MX_GOOD + ["mx.@ A !truncate"],
    "tcp-closed": ["@ MX !tcp-closed", "@ A " + GOOD] + MX_GOOD,
    "tcp-silent": ["@ MX !tcp-silent", "@ A " + GOOD] + MX_GOOD,
    "no-tcp": ["@ MX !truncate", "@ A " + GOOD] + MX_GOOD,
    "many": ["@ MXS 40 mx.@", "1.mx.@ A " + GOOD, "2.mx.@ A " + OTHER],
    "64-kib": ["@ MXS 5000 mx.@", "1.mx.@ A " + GOOD, "2.mx.@ A " + OTHER],
    "wrong-id": ["@ MX !wrong-id", "@ A " + GOOD] + MX_GOOD,
    "wrong-question": ["@ MX !wrong-question", "@ A " + GOOD] + MX_GOOD,
    "spoof": ["@ MX 10 mx.@", "mx.@ A !spoof", "mx.@ A " + GOOD],
    "garbage": ["@ MX !garbage", "@ A " + GOOD] + MX_GOOD,
    "short": ["@ MX !short", "@ A " + GOOD] + MX_GOOD,
    "half": ["@ MX !half", "@ A " + GOOD] + MX_GOOD,
    "count": ["@ MX !count", "@ A " + GOOD] + MX_GOOD,
    "pointer": ["@ MX !pointer", "@ A " + GOOD] + MX_GOOD,
    "length": ["@ MX !length", "@ A " + GOOD] + MX_GOOD,
    "a-garbage": MX_GOOD + ["mx.@ * !garbage"],
    "self": ["@ MX 10 mx.@", "mx.@ A " + OUR],
    "self-loopback": ["@ MX 10 mx.@", "mx.@ A 127.0.0.1"],
    "self-zero": ["@ MX 10 mx.@", "mx.@ A 0.0.0.0"],
    "self-name": ["@ MX 10 mx.example.test", "@ MX 20 mx.@",
                  "mx.@ A " + GOOD],
    "self-implicit": ["@ A " + OUR],
    "self-backup": ["@ MX 10 a.@", "@ MX 20 us.@", "@ MX 30 c.@",
                    "a.@ A " + CLOSED, "us.@ A " + OUR, "c.@ A " + GOOD],
    "self-equal": ["@ MX 10 a.@", "@ MX 20 us.@", "@ MX 20 c.@",
                   "a.@ A " + CLOSED, "us.@ A " + OUR, "c.@ A " + GOOD],
    "route": ["@ MX 10 mx.@", "mx.@ A " + OTHER, "relay.@ MX 1 mx.@",
              "relay.@ A " + GOOD],
    "route-gone": MX_GOOD,
    "no-server": MX_GOOD,
}
# Not "CASE.test" but these.
DOMAINS = {
    "literal": "[%s]" % GOOD, "literal-ipv6": "[IPv6:%s]" % GOOD6,
    "literal-bad": "[10.77.0.256]", "literal-empty": "[]",
    "long-label": "x" * 64 + ".test", "long-name": "x." * 130 + "test",
    "empty-label": "a..test", "root": ".",
}
# Not fakedns of the zones above, but something else.
SERVERS = {"no-tcp": "udp", "no-server": "none"}


def run(*command):
    subprocess.run(command, check=True)


def network():
    """Make the second namespace and enter it; returns ours."""
    ours = os.open("/proc/self/ns/net", os.O_RDONLY)
    holder = subprocess.Popen(["unshare", "-n", "sh", "-c",
                               "echo; exec sleep 1000"],
                              stdout=subprocess.PIPE)
    holder.stdout.readline()
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "name", "v0", "type", "veth", "peer", "name",
        "v1", "netns", str(holder.pid))
    run("ip", "addr", "add", OUR + "/24", "dev", "v0")
    run("ip", "addr", "add", "fd77::1/64", "dev", "v0", "nodad")
    run("ip", "link", "set", "v0", "up")
    theirs = os.open("/proc/%d/ns/net" % holder.pid, os.O_RDONLY)
    enter(theirs)
    for host in GOOD, OTHER, DOWN, CLOSED, REFUSING, NOT_SMTP:
        run("ip", "addr", "add", host + "/24", "dev", "v1")
    run("ip", "addr", "add", GOOD6 + "/64", "dev", "v1", "nodad")
    run("ip", "addr", "add", "fd77::9/64", "dev", "v1", "nodad")
    run("ip", "link", "set", "v1", "up")
    return ours, holder


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, 0) < 0:
        raise OSError(ctypes.get_errno(), "setns")


def listen(host):
    """A mail host, its socket in the namespace that we are in."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, 25))
    s.listen(50)
    threading.Thread(target=take, args=(s, host), daemon=True).start()


def take(listener, host):
    while True:
        s, _ = listener.accept()
        threading.Thread(target=serve, args=(s, host), daemon=True).start()


def serve(s, host):
    s.settimeout(10)
    f = s.makefile("rwb", 0)
    say = lambda line: f.write(line.encode() + b"\r\n")
    try:
        say({DOWN: "421 4.3.2 closed for today",
             NOT_SMTP: "SSH-2.0-OpenSSH"}.get(host, "220 " + host))
        if host in (DOWN, NOT_SMTP):
            return s.close()
        for line in f:
            verb = line[:4].upper()
            if verb == b"DATA":
                say("354 go")
                while f.readline() not in (b".\r\n", b""):
                    pass
            if verb == b"RCPT" and host == REFUSING:
                say("550 5.1.1 nobody here")
            elif verb == b"EHLO":
                say("250 " + host)
            else:
                say("250 2.0.0 ok")
    except OSError:
        pass


def dns_server(folder, *options):
    zone = os.path.join(folder, "zone")
    with open(zone, "w") as f:
        for case, lines in ZONES.items():
            for line in lines:
                f.write(line.replace("@", case + ".test") + "\n")
    p = subprocess.Popen(["fakedns", *options, zone], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True)
    return "127.0.0.1:" + p.stdout.readline().strip(), p


def deliver(case, folder, servers):
    domain = DOMAINS.get(case, case + ".test")
    root = os.path.join(folder, case)
    os.mkdir(root)
    if case.startswith("route"):
        with open(os.path.join(root, "routes"), "w") as f:
            f.write("%s relay.%s\n" % (domain, domain))
    env = dict(os.environ, YUBIN_ROOT=root, REMOTE_PORT="25",
               CONNECT_TIMEOUT="2", REMOTE_TIMEOUT="5", DNS_TIMEOUT="4",
               DNS_SERVER=servers[SERVERS.get(case, "tcp")])
    p = subprocess.run(["yubin-deliver-remote", "-i", "0abc", "-f",
                        "ann@example.test", domain, "joe@" + domain],
                       input=b"Subject: x\r\n\r\nx\r\n", timeout=60, env=env,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out = p.stdout.decode("latin-1").rstrip("\n")
    if p.returncode or out.count("\n") or not out:
        return "%s ? exit %d, %r" % (case, p.returncode, out)
    letter, status, text = out.split(" ", 2)
    letter = "K" if letter in "XRT" else letter
    host = re.search(r"\[([0-9a-f.:]+)\]", text)
    taken = host.group(1) if host and letter == "K" else "-"
    return "%s %s %s %s # %s" % (case, letter, status, taken, text)


def main():
    cases = sys.argv[1:] or list(ZONES) + list(DOMAINS)
    ours, holder = network()
    for host in GOOD, OTHER, DOWN, REFUSING, NOT_SMTP, GOOD6:
        listen(host)
    enter(ours)
    with tempfile.TemporaryDirectory() as folder:
        tcp, p1 = dns_server(folder)
        udp, p2 = dns_server(folder, "-u")
        servers = {"tcp": tcp, "udp": udp, "none": "127.0.0.1:9"}
        with ThreadPoolExecutor(8) as pool:
            for line in pool.map(lambda c: deliver(c, folder, servers),
                                 cases):
                print(line, flush=True)
    for p in p1, p2, holder:
        p.kill()


main()
