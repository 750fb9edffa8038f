#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Everybody works on one Maildir at once: deliveries, IMAP and POP3 sessions,
and a shell with rm, mv, cp and rsync that removes caches, too.

usage: race.py BUILD

SECONDS_MAX=n: for n seconds, not 600.  SEED=n: the same dice; when it is odd
the indexes lie elsewhere (YUBIN_CACHE).  Each message
has an id, from which its text follows.  Who makes, copies or removes one says
so in a log, and so does each session that learns what a UID means.  In the
end the log is compared with what is there.  The last line has the figures;
the exit status is 1 when anything was wrong."""
import collections
import mmap
import multiprocessing
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

import message
from imap import Imap
from workers import FOLDERS, Deliverer, Pop, Session, Shell

DELIVERERS, SESSIONS, POPS = 8, 6, 2
KINDS = ("lost", "doubled", "torn", "uids", "view", "failed", "died",
         "leftover")
SHOWN = 30
LETTERS = {"D": r"\Draft", "F": r"\Flagged", "R": r"\Answered",
           "S": r"\Seen", "T": r"\Deleted", "a": "$One", "b": "$Two"}


class Shared:
    """What all processes know.  Numbers lie in memory that they share: the
    number of messages, and the greatest UID of each folder."""

    def __init__(self, build, base, seconds, seed):
        self.base, self.seed, self.seconds = base, seed, seconds
        self.bin = build + "/bin/yubin-"
        self.root = base + "/root"
        self.maildir = self.root + "/mail/example.test/ann"
        self.env = {"PATH": os.environ["PATH"], "YUBIN_ROOT": self.root,
                    "MAILDIR": self.maildir, "YUBIN_HOSTNAME": "mx.test",
                    "MAIL_USER": "no-such-user",
                    "ASAN_OPTIONS": "detect_leaks=0"}
        self.cache = base + "/cache"
        if int(seed) % 2:
            self.env["YUBIN_CACHE"] = self.cache
        os.environ.update(self.env)
        self.errors = open(base + "/errors", "ab")
        self.fd = os.open(base + "/log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self.memory = mmap.mmap(-1, 4096)
        self.lock = multiprocessing.Lock()
        self.barrier = multiprocessing.Barrier(SESSIONS + 1)
        self.uidvalidity = {}

    def dir(self, folder):
        return self.maildir + ("" if folder == "INBOX" else "/." + folder)

    def disk(self, folder):
        """What the files say: ids and flags."""
        here, found = self.dir(folder), collections.Counter()
        for sub in ("new", "cur"):
            for name in os.listdir(f"{here}/{sub}"):
                with open(f"{here}/{sub}/{name}", "rb") as f:
                    ident = message.whole(f.read())
                letters = name.partition(":2,")[2]
                found[ident, frozenset(LETTERS[c] for c in letters
                                       if c in LETTERS)] += 1
        return found

    def log(self, *words):
        os.write(self.fd, " ".join(map(str, words)).replace("\n", " ")
                 .encode() + b"\n")

    def number(self, slot, value=None):
        if value is not None:
            struct.pack_into("q", self.memory, slot * 8, value)
        return struct.unpack_from("q", self.memory, slot * 8)[0]

    def population(self):
        return self.number(0)

    def set_population(self, n):
        self.number(0, n)

    def highest(self, folder):
        return self.number(1 + FOLDERS.index(folder))

    def rise(self, folder, uid):
        with self.lock:
            if uid > self.highest(folder):
                self.number(1 + FOLDERS.index(folder), uid)

    def check_rise(self, who, folder, before, uids):
        """UIDs given now are above all that anybody knew before."""
        for uid in uids:
            if uid <= before:
                who.problem("uids", f"{folder}: new UID {uid}, but {before} "
                            "was known")
            self.rise(folder, uid)

    def check_uidvalidity(self, who, folder, value):
        if self.uidvalidity.setdefault(folder, value) != value:
            who.problem("uids", f"UIDVALIDITY of {folder} is {value}, was "
                        f"{self.uidvalidity[folder]}")

    # ---------------------------------------------------------------- begin

    def prepare(self):
        for argv, text in (
                (["init"], ""), (["domain", "add", "example.test"], ""),
                (["user", "add", "ann@example.test"], "secret\n")):
            os.makedirs(self.root, exist_ok=True)
            if self.yubin(argv, text):
                sys.exit(f"race: yubin {argv} failed")
        box = self.client()
        for folder in FOLDERS:
            if folder != "INBOX":
                box.command("CREATE " + folder)
            # The same letters in all folders.
            box.command(f"APPEND {folder} ($One $Two)", b"nothing\r\n")
            box.select(folder)
            box.command(r"STORE 1 +FLAGS.SILENT (\Deleted)")
            box.command("EXPUNGE")
            self.uidvalidity[folder] = box.uidvalidity
        box.logout()

    def yubin(self, argv, text):
        return subprocess.run([self.bin[:-1], *argv], input=text, text=True,
                              stdout=self.errors,
                              stderr=self.errors).returncode

    def problem(self, kind, text):
        self.log("problem", kind, text)

    def client(self):
        return Imap(self.bin + "imapd", self.env, self.errors, self.problem)


def children(shared):
    workers = [Deliverer(shared, f"d{i}") for i in range(DELIVERERS)]
    workers += [Pop(shared, f"p{i}") for i in range(POPS)]
    workers.append(Shell(shared, "sh"))
    sessions = [Session(shared, f"s{i}") for i in range(SESSIONS)]
    return workers, sessions


def run(shared):
    """All of it; sessions wait at the barrier until the others have ended."""
    shared.until = time.monotonic() + shared.seconds
    workers, sessions = children(shared)
    first = [multiprocessing.Process(target=w.run) for w in workers]
    last = [multiprocessing.Process(target=s.run) for s in sessions]
    for p in first + last:
        p.start()
    for p in first:
        p.join()
    try:
        shared.barrier.wait(120)
    except threading.BrokenBarrierError:
        shared.problem("died", "not all sessions reached the end")
    for p in last:
        p.join()
    for p in first + last:
        if p.exitcode:
            shared.problem("died", f"a process of ours: {p.exitcode}")


# ------------------------------------------------------------------ the end

class Verdict:
    def __init__(self, shared):
        self.shared = shared
        self.made = collections.Counter()  # id: how many there should be
        self.condemned = set()
        self.uids = {}  # folder, UID: id
        self.count = collections.Counter()
        self.final, self.views = collections.defaultdict(dict), []
        self.bad = collections.Counter()
        self.shown = self.agreed = 0

    def problem(self, kind, text):
        self.bad[kind] += 1
        self.shown += 1
        if self.shown <= SHOWN:
            print(f"# {kind}: {text}", flush=True)

    def read_log(self):
        with open(self.shared.base + "/log", encoding="utf-8") as f:
            for line in f:
                self.take(*line.rstrip("\n").split(" ", 3))

    def take(self, what, *rest):
        if what in ("made", "copy"):
            self.made[rest[0]] += 1
        elif what == "removed":
            self.made[rest[0]] -= 1
        elif what == "condemned":
            self.condemned.add(rest[0])
        elif what == "uid":
            self.same(*rest)
        elif what == "count":
            self.count[rest[0]] += int(rest[1])
        elif what == "final":
            self.final[rest[0]].setdefault(int(rest[1]), rest[2])
            if self.final[rest[0]][int(rest[1])] != rest[2]:
                self.problem("view", f"two sessions differ in flags: {rest}")
        elif what == "agreed":
            self.agreed = max(self.agreed, int(rest[0]))
        elif what == "view":
            self.views.append((rest[0], int(rest[1])))
        elif what == "problem":
            self.problem(rest[0], " ".join(rest[1:]))

    def same(self, folder, uid, ident):
        if self.uids.setdefault((folder, uid), ident) != ident:
            self.problem("uids", f"{folder}: UID {uid} was "
                         f"{self.uids[folder, uid]}, is {ident}")

    def look(self):
        """What a new session sees, and what is on disk."""
        stored = collections.Counter()
        box = self.shared.client()
        for folder in FOLDERS:
            told = collections.Counter()  # id and flags
            box.select(folder)
            box.learn()
            box.command("FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[])")
            flags = {e.uid: e.flags for e in box.view}
            for uid, (text, size) in box.bodies.items():
                ident = message.whole(text)
                told[ident, flags[uid]] += 1
                if not ident or size != len(text):
                    self.problem("torn", f"{folder}: UID {uid}, {ident}, "
                                 f"size {size}, {len(text)} octets")
                self.same(folder, str(uid), ident)
            self.compare(folder, box.view)
            true = self.shared.disk(folder)
            self.leftovers(self.shared.dir(folder))
            if told != true:
                self.problem("view", f"{folder}: told {told - true}, there "
                             f"are {true - told}")
            for (ident, _), n in true.items():
                stored[ident] += n
        box.logout()
        return stored

    def compare(self, folder, view):
        """What sessions ended with, and what a new one sees."""
        flags = {e.uid: ",".join(sorted(e.flags)) for e in view}
        for uid, old in self.final[folder].items():
            if flags.get(uid) != old:
                self.problem("view", f"{folder}: an old session sees UID "
                             f"{uid} {old}, a new one {flags.get(uid)}")
        for where, n in self.views:
            if where == folder and n != len(view):
                self.problem("view", f"{folder}: an old session sees {n}, "
                             f"a new one {len(view)}")

    def leftovers(self, here):
        for name in os.listdir(here + "/tmp") + [
                name for name in os.listdir(here) if name.endswith(".lock")]:
            self.problem("leftover", f"{here}/{name}")

    def balance(self, stored):
        for ident in self.made.keys() | stored.keys():
            n, most = stored[ident], self.made[ident]
            if n > most:
                self.problem("doubled", f"{ident}: {n}, not {most}")
            if n < most and ident not in self.condemned:
                self.problem("lost", f"{ident}: {n}, not {most}")

    def figures(self, stored):
        c = self.count
        c["made"] = c["delivered"] + c["appended"]
        return (f"race: {self.shared.seconds} s, {c['delivered']} delivered, "
                f"{c['appended']} appended, {c['copied']} copied, "
                f"{c['moved']} moved, {c['stored']} flagged, "
                f"{c['expunged']} seen to go, {c['pop3']} removed by POP3, "
                f"{c['shell']} shell commands, {c['caches']} caches gone, "
                f"{c['commands']} commands, {c['selects']} selects, "
                f"{sum(stored.values())} left, views agree after "
                f"{self.agreed} ms; "
                + ", ".join(f"{self.bad[k]} {k}" for k in KINDS))


def main(build):
    seconds = int(os.environ.get("SECONDS_MAX") or 600)
    seed = os.environ.get("SEED") or str(random.randrange(1000000))
    print(f"# SEED={seed}", flush=True)
    base = tempfile.mkdtemp(prefix="yubin-race.")
    try:
        shared = Shared(os.path.abspath(build), base, seconds, seed)
        shared.prepare()
        run(shared)
        v = Verdict(shared)
        v.read_log()
        stored = v.look()
        v.balance(stored)
        print(v.figures(stored))
        return 1 if v.bad or not v.count["delivered"] else 0
    finally:
        if os.environ.get("KEEP"):
            print("#", base)
        else:
            shutil.rmtree(base, ignore_errors=True)


if len(sys.argv) != 2:
    sys.exit(__doc__)
sys.exit(main(sys.argv[1]))
