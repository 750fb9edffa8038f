# SPDX-License-Identifier: ISC
# bench_scale.py IMAPD: what must not grow with the folder, at N messages each
# (N="1000 10000 100000").  The Maildirs lie below BENCH_DIR (/dev/shm): what is
# measured is our work, not the disk's.  Medians of ROUNDS (5), least-most.
# Memory: "private" is the session's own, "mapped" what it has of files of the
# Maildir, which all sessions share.
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from imap_session import Session

IMAPD = sys.argv[1]
SIZES = [int(n) for n in (os.environ.get("N") or "1000 10000 100000").split()]
ROUNDS = int(os.environ.get("ROUNDS") or 5)
WHERE = os.environ.get("BENCH_DIR") or "/dev/shm"


def fill(maildir, n):
    for d in "cur", "new", "tmp":
        os.makedirs(f"{maildir}/{d}")
    for i in range(n):
        text = f"From: a@example.test\nSubject: mail {i}\n\nx\n"
        name = f"{maildir}/cur/{1500000000 + i}.M{i}P1.bench,S={len(text)}," \
               f"W={len(text) + 4}:2,{'S' if i % 8 else ''}"
        with open(name, "w") as f:
            f.write(text)


def deliver(maildir):
    name = f"{time.time_ns()}.M1P2.bench"
    with open(f"{maildir}/tmp/{name}", "w") as f:
        f.write("Subject: new\n\nx\n")
    os.rename(f"{maildir}/tmp/{name}", f"{maildir}/new/{name}")


class Local(Session):
    """A session of an imapd of our own."""

    def __init__(self, maildir):
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [IMAPD], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL,
            env=dict(os.environ, MAILDIR=maildir))
        theirs.close()
        super().__init__(ours)

    def timed(self, line):
        start = time.perf_counter()
        self.command(line)
        return (time.perf_counter() - start) * 1000

    def close(self):
        super().close()
        self.process.wait()

    def memory(self, maildir):
        """kB: private, and of files below the Maildir."""
        private = mapped = 0
        ours = False
        with open(f"/proc/{self.process.pid}/smaps") as f:
            for line in f:
                if "-" in line.split(" ", 1)[0]:
                    ours = maildir in line
                elif ours and line.startswith("Rss:"):
                    mapped += int(line.split()[1])
                elif not ours and line.startswith("Private_"):
                    private += int(line.split()[1])
        return private, mapped


def turn(maildir, n, note):
    """Every figure once, noted under its name."""
    s = Local(maildir)
    note("open, warm", s.timed("SELECT INBOX"))
    note("FETCH FLAGS of all", s.timed("FETCH 1:* (FLAGS)"))
    middle = f"STORE {n // 2} %sFLAGS (\\Flagged)"
    note("STORE +FLAGS on one", s.timed(middle % "+"))
    s.command(middle % "-")
    private, mapped = s.memory(maildir)
    note("memory, private", private)
    note("memory, mapped", mapped)
    s.close()
    deliver(maildir)
    s = Local(maildir)
    note("open after one delivery", s.timed("SELECT INBOX"))
    s.close()


def measure(maildir, n):
    values = {}
    fill(maildir, n)
    # A session looks at the files before it greets.
    start = time.perf_counter()
    s = opened(maildir)
    values["start, open, files only"] = [(time.perf_counter() - start) * 1000]
    s.close()
    # What was written just now is looked at twice.
    time.sleep(2.5)
    opened(maildir).close()
    for _ in range(ROUNDS):
        turn(maildir, n, lambda k, v: values.setdefault(k, []).append(v))
    return values


def opened(maildir):
    s = Local(maildir)
    s.command("SELECT INBOX")
    return s


def figure(values):
    mid = statistics.median(values)
    digits = 0 if mid >= 100 else 1 if mid >= 10 else 2
    return f"{mid:.{digits}f} ({min(values):.{digits}f}-" \
           f"{max(values):.{digits}f})"


def main():
    where = tempfile.mkdtemp(prefix="yubin-scale.", dir=WHERE)
    try:
        columns = []
        for n in SIZES:
            columns.append(measure(f"{where}/{n}", n))
            shutil.rmtree(f"{where}/{n}")
    finally:
        shutil.rmtree(where, ignore_errors=True)
    print(f"{'messages':27}" + "".join(f"{n:>22}" for n in SIZES))
    for name in columns[0]:
        unit = "kB" if name.startswith("memory") else "ms"
        print(f"{name:24}{unit:3}" +
              "".join(f"{figure(c[name]):>22}" for c in columns))


main()
