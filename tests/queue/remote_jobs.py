#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""deliver-remote as a worker (-w) that gets several jobs, against servers that
keep the connection or do not.

usage: remote_jobs.py CERTDIR [CASE…]

The servers are those of hostile.py, whose verdict lines these are like:
  CASE LETTERS STATUS… exit=N conns=N msgs=N tls=N rcpts=N s=SECONDS # TEXT
with the letters as they are, those of different jobs separated by "/".  What
each has to be, and why, stands in remote_jobs.bats.
"""
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import hostile
from hostile import BIG, PIPE, TLS, drop, ehlo, hang, after

A, B = {"addr": "a@r.test"}, {"addr": "b@r.test"}
SECOND_DROP = {"MAIL": [b"250 ok\r\n", drop], "again": {}}


def drop_after(s):
    """The reply to the end of data, then the end."""
    s.send(b"250 2.0.0 taken\r\n")
    s.took(hostile.MESSAGE, b"250")
    s.drop()


def goodbye_after(s):
    s.send(b"250 2.0.0 taken\r\n421 4.4.2 idle too long\r\n")
    s.took(hostile.MESSAGE, b"250")
    s.drop()


def slow_close(s):
    """The end comes half a second after the reply: the job is there then."""
    s.send(b"250 2.0.0 taken\r\n")
    s.took(hostile.MESSAGE, b"250")
    time.sleep(0.5)
    s.drop()


# jobs: the recipients of each; more: what else goes into every request.
CASES = {
    "one": {"jobs": [[A, B]]},
    "three": {"jobs": [[A], [A, B], [B]]},
    "three-tls": dict(TLS, jobs=[[A], [A], [A]]),
    "three-pipe": dict(PIPE, jobs=[[A], [A], [A]]),
    "other-domain": {"jobs": [[A], [{"addr": "a@s.test"}], [A]],
                     "domains": ["r.test", "s.test", "r.test"]},
    "closed-between": {"jobs": [[A], [A]], ".": drop_after, "again": {}},
    "closed-late": {"jobs": [[A], [A]], ".": slow_close, "again": {},
                    "pause": 1},
    "421-between": {"jobs": [[A], [A]], ".": goodbye_after, "again": {}},
    "closed-at-mail": dict(SECOND_DROP, jobs=[[A], [A]]),
    "closed-at-rcpt": {"jobs": [[A], [A]], "again": {},
                       "RCPT": [b"250 ok\r\n", drop]},
    "closed-at-dot": {"jobs": [[A], [A]], "again": {},
                      ".": [b"250 2.0.0 ok\r\n", drop]},
    "421-at-mail": {"jobs": [[A], [A]], "again": {},
                    "MAIL": [b"250 ok\r\n", b"421 4.4.2 idle\r\n"]},
    "550-at-mail": {"jobs": [[A], [A]],
                    "MAIL": [b"250 ok\r\n", b"550 5.7.1 no\r\n"]},
    "450-at-mail": {"jobs": [[A], [A]],
                    "MAIL": [b"250 ok\r\n", b"450 4.7.1 no\r\n"]},
    "refused-then": {"jobs": [[A, B], [A]],
                     "RCPT": [b"550 5.1.1 no\r\n", b"550 5.1.1 no\r\n",
                              b"250 ok\r\n"]},
    "refused-then-pipe": dict(PIPE, jobs=[[A, B], [A]], RCPT=[
        b"550 5.1.1 no\r\n", b"550 5.1.1 no\r\n", b"250 ok\r\n"]),
    "data-refused-then": {"jobs": [[A], [A]],
                          "DATA": [b"451 4.3.0 no\r\n", b"354 go\r\n"]},
    "dot-refused-then": {"jobs": [[A], [A]], ".": [b"554 5.6.0 no\r\n",
                                                   b"250 2.0.0 ok\r\n"]},
    "bdat-refused-then": {"jobs": [[A], [A]], "EHLO": ehlo("CHUNKING"),
                          "LAST": [b"554 5.6.0 no\r\n", b"250 ok\r\n"]},
    "tls-closed-between": {"jobs": [[A], [A]], "EHLO": ehlo("STARTTLS"),
                           ".": drop_after, "again": TLS},
    "hundred": dict(PIPE, jobs=[[{"addr": "u%d@r.test" % i}
                                 for i in range(100)]]),
    "hundred-452": dict(PIPE, jobs=[[{"addr": "u%d@r.test" % i}
                                     for i in range(100)]],
                        RCPT=([b"250 ok\r\n"] * 40 +
                              [b"452 4.5.3 many\r\n"] * 60 +
                              [b"250 ok\r\n"] * 40 +
                              [b"452 4.5.3 many\r\n"] * 20 +
                              [b"250 ok\r\n"])),
    "at-once": {"jobs": [[A, B]], "early": True,
                "RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n"], ".": hang},
    "quit-none": {"jobs": [[A]], "QUIT": hang},
    "dsn": {"jobs": [[dict(A, notify=6, orcpt="rfc822;x+=y @r.test"),
                      dict(B, notify=1)]],
            "EHLO": ehlo("DSN"),
            "more": [("envid", "e+1 =2"), ("ret", "H")]},
    "dsn-missing": {"jobs": [[dict(A, notify=6, orcpt="rfc822;x@r.test")]],
                    "more": [("envid", "e1"), ("ret", "F")]},
    "dsn-utf8": {"jobs": [[dict(A, orcpt="utf-8;jörg@r.test")]],
                 "EHLO": ehlo("DSN", "SMTPUTF8", "8BITMIME")},
    "no-job": {"jobs": []},
    "not-a-job": {"jobs": [], "raw": b"5:hello"},
    "two-refusals": {"jobs": [[A, B], [B, A]], "RCPT": [
        b"550 5.1.1 no\r\n", b"250 ok\r\n", b"450 4.2.1 no\r\n",
        b"250 ok\r\n"]},
}


def netstr(data):
    data = data if isinstance(data, bytes) else data.encode()
    return b"%d:%s," % (len(data), data)


def request(case, number, domain, rcpts, length):
    pairs = [("job", str(number)), ("id", "0000000000000000abcde"),
             ("sender", "ann@example.test"), ("domain", domain),
             ("at", "16"), ("length", str(length))] + case.get("more", [])
    for i, r in enumerate(rcpts):
        pairs += [("rcpt", r["addr"]), ("number", str(i))]
        pairs += [(k, str(r[k])) for k in ("notify", "orcpt") if k in r]
    return b"".join(netstr(x) for pair in pairs for x in pair)


def answers(sock, number, n, first_only=False):
    """Letters and codes of one job, as they come until it is done, and the
    first line."""
    got, text = {}, ""
    while True:
        if not select.select([sock], [], [], 20)[0]:
            return "?slow", ["?"], text
        packet = sock.recv(200000).decode("latin-1")
        if not packet:
            return "?gone", ["?"], text
        for line in packet.splitlines():
            text = text or line
            m = re.match("^(\\d+) (done|(\\d+) ([KXRTDZ]) ([245][.0-9]+) [ -~]*)$",
                         line)
            if not m or int(m.group(1)) != number or m.group(3) in got:
                return "?" + line, ["?"], text
            if m.group(2) == "done":
                if set(got) != {str(i) for i in range(n)}:
                    return "?missing", ["?"], text
                return ("".join(got[str(i)][0] for i in range(n)),
                        [got[str(i)][1] for i in range(n)], text)
            got[m.group(3)] = m.group(4, 5)
            if first_only:
                return m.group(3) + m.group(4), [m.group(5)], text


def converse(case, sock, queued, length):
    letters, codes, text = [], [], ""
    domains = case.get("domains", ["r.test"] * len(case["jobs"]))
    for i, rcpts in enumerate(case["jobs"]):
        if i > 0:
            time.sleep(case.get("pause", 0.1))
        fd = os.open(queued, os.O_RDONLY)
        socket.send_fds(sock, [request(case, i + 7, domains[i], rcpts,
                                       length)], [fd])
        os.close(fd)
        l, c, t = answers(sock, i + 7, len(rcpts), case.get("early"))
        while case.get("early") and b"done" not in sock.recv(200000):
            pass
        letters.append(l)
        codes += c
        text += t + " "
    if "raw" in case:
        sock.send(case["raw"])
    return letters, codes, text


def deliver(name, folder, certs):
    case = CASES[name]
    server = hostile.Server(case, certs)
    root = os.path.join(folder, name)
    os.mkdir(root)
    with open(root + "/routes", "w") as f:
        f.write("* [127.0.0.1]:%d\n" % server.port)
    with open(root + "/queued", "wb") as f:
        f.write(b"envelope to skip" + server.message + b"and behind it")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    env = dict(os.environ, YUBIN_ROOT=root, REMOTE_TIMEOUT="3",
               TLS_TIMEOUT="2", CONNECT_TIMEOUT="5", REMOTE_IDLE="10")
    start = time.monotonic()
    p = subprocess.Popen(["yubin-deliver-remote", "-w"], stdin=theirs,
                         env=env, stderr=subprocess.PIPE)
    theirs.close()
    letters, codes, text = converse(case, ours, root + "/queued",
                                    len(server.message))
    ours.close()
    err = p.communicate(timeout=30)[1]
    seconds = time.monotonic() - start
    time.sleep(0.05)
    server.listener.close()
    if "?" in "".join(letters):
        text += repr(err[-300:])
    heard = "".join("<%s> " % re.sub("[^ -~]", "?", line)
                    for line in server.heard[:14])
    return "%s %s %s exit=%d conns=%d msgs=%d tls=%d rcpts=%d s=%d # %s%s" % (
        name, "/".join(letters) or "-", " ".join(codes) or "-", p.returncode,
        server.connections, server.messages, server.tls_count,
        server.accepted, seconds, heard, text)


def main():
    certs, names = sys.argv[1], sys.argv[2:] or list(CASES)
    with tempfile.TemporaryDirectory() as folder:
        with ThreadPoolExecutor(8) as pool:
            for line in pool.map(lambda n: deliver(n, folder, certs), names):
                print(line, flush=True)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
