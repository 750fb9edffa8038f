#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""million.py BIN N [due]: a queue of N messages for destinations that are dead.

With "due" all of them are due at once, and put off one by one.  Prints how long the runner takes until it is ready and until it has looked into
all of them, its memory a message, and how long new local mail takes meanwhile
and afterwards.  Ends with status 1 when a target of the README of lib/queue is
missed: ready within 100 s, 200 octets a message, new mail within 1 s.
"""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BIN, N, DUE = sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["due"]
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
ALPHABET = "0123456789abcdefghijklmnopqrstuv"


def crc_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return table


TABLE = crc_table()


def crc32c(crc, data):
    crc ^= 0xFFFFFFFF
    for b in data:
        crc = crc >> 8 ^ TABLE[(crc ^ b) & 255]
    return crc ^ 0xFFFFFFFF


def netstr(s):
    return f"{len(s)}:{s},"


BODY = b"Subject: waiting\r\n\r\nhello\r\n"
BODY_CRC = crc32c(0, BODY)
# The envelope's checksum goes over the text, then over the header's front.


def message(ident, now, rcpt):
    pairs = [("id", ident), ("received", str(now)), ("sender", "a@b.test"),
             ("rcpt", rcpt)]
    text = "".join(netstr(k) + netstr(v) + "\n" for k, v in pairs).encode()
    front = (f"yubin-queue 1 env={len(text):08x} body={len(BODY):016x} "
             f"rcpts={1:08x}")
    crc = crc32c(crc32c(0, text), front.encode())
    line = f"{front} envcrc={crc:08x} bodycrc={BODY_CRC:08x}"
    return line.ljust(127).encode() + b"\nA\n" + text + BODY


def make_id(us, n):
    out = ""
    for _ in range(11):
        out = ALPHABET[us & 31] + out
        us >>= 5
    tail = ""
    for _ in range(10):
        tail = ALPHABET[n & 31] + tail
        n >>= 5
    return out + tail


def fill(root):
    """Messages an hour old, last tried just now: none is due again yet."""
    times = (time.time() - 7200,) * 2
    now = int(time.time())
    for i in range(N):
        ident = make_id((now - 3600) * 1000000 + i, i)
        place = ALPHABET.index(ident[-1]) % 16
        path = f"{root}/queue/new/{place:x}/{ident}"
        data = message(ident, now - 3600, f"u{i}@d{i % 1000}.dead.test")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o660)
        os.write(fd, data)
        if DUE:
            os.utime(fd, times)
        os.close(fd)


def rss(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
    return 0


def cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def deliver(env, root):
    """Seconds from the queueing of a letter to its being in the Maildir."""
    new = f"{root}/mail/example.test/ann/new"
    before = len(os.listdir(new)) if os.path.isdir(new) else 0
    start = time.monotonic()
    subprocess.run([f"{BIN}/yubin-inject", "-f", "x@example.test",
                    "ann@example.test"], env=env, check=True,
                   input=b"Subject: new\n\nnew\n")
    while time.monotonic() < start + 60:
        if os.path.isdir(new) and len(os.listdir(new)) > before:
            return time.monotonic() - start
        time.sleep(0.005)
    return 60.0


def wait_idle(pid):
    """Seconds of processor time until the backlog was looked into."""
    last, quiet = cpu(pid), 0
    while quiet < 4:
        time.sleep(0.5)
        now = cpu(pid)
        quiet = quiet + 1 if now - last < 0.05 else 0
        last = now
    return last


def main():
    root = tempfile.mkdtemp(prefix="million.", dir=os.environ.get("TMPDIR", "/var/tmp"))
    env = dict(os.environ, YUBIN_ROOT=root, YUBIN_HOSTNAME="mx.example.test",
               QUEUE_SLOTS="256", DNS_SERVER="127.0.0.1:1")
    run = dict(env=env, check=True, stdout=subprocess.DEVNULL)
    bad = []
    try:
        subprocess.run([f"{BIN}/yubin", "init"], **run)
        subprocess.run([f"{BIN}/yubin", "domain", "add", "example.test"], **run)
        subprocess.run([f"{BIN}/yubin", "user", "add", "ann@example.test"],
                       input=b"secret\n", **run)
        subprocess.run([f"{BIN}/yubin-queue-runner", "--once"], **run)
        empty = start_runner(env, root)
        base = rss(empty[0].pid)
        stop(empty[0])
        fill(root)
        runner, ready = start_runner(env, root)
        first = deliver(env, root)
        meanwhile = max(deliver(env, root) for _ in range(5))
        worked = wait_idle(runner.pid)
        later = max(deliver(env, root) for _ in range(20))
        each = (rss(runner.pid) - base) / N
        stop(runner)
        print(f"million: {N} messages, ready after {ready:.2f} s, all looked "
              f"into after {worked:.1f} s of processor time, {each:.0f} "
              f"octets a message, new mail in {first * 1000:.0f} ms at once, "
              f"{meanwhile * 1000:.0f} ms meanwhile, {later * 1000:.0f} ms "
              f"later (the slowest of each)")
        bad = [what for what, wrong in (
            ("start", ready > 100), ("memory", each > 200 and N >= 100000),
            ("new mail", max(first, meanwhile, later) > 1)) if wrong]
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if bad:
        print("million: missed:", ", ".join(bad))
    sys.exit(1 if bad else 0)


def start_runner(env, root):
    r, w = os.pipe()
    log = open(f"{root}/runner.log", "ab")
    os.sync()  # what has been waiting for long is on the disk
    start = time.monotonic()
    p = subprocess.Popen([f"{BIN}/yubin-queue-runner", "-d", str(w)], env=env,
                         pass_fds=[w], stderr=log)
    os.close(w)
    os.read(r, 1)
    os.close(r)
    return p, time.monotonic() - start


def stop(p):
    p.send_signal(signal.SIGTERM)
    try:
        p.wait(90)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()


main()
