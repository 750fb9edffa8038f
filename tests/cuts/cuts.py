#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Sessions that end in the middle, at each octet: nothing is accepted that was
not sent whole, what was acknowledged is there, no process stays, and none
crashes.

usage: cuts.py BUILD [SESSION HOW PLACE]

A session is played until so many octets are out; then comes the end of the
connection (fin), a reset (rst), or, inside TLS, the end of TLS before that of
the connection (notify) or not (fin: truncation).  plain counts octets of what
is said, wire those that TLS makes of it.  Sessions: see sessions.py, and
remote.py, where the server is the one that stops.

CUTS=n: about n of them, evenly chosen, among them those at the octet before and
at each point where something is accepted.  SECONDS_MAX=n: those chosen at
random that n seconds are enough for.  SEED=n: the same ones again.  A single
one may be named, PLACE as plain:N or wire:N.  The last line has the figures."""
import collections
import functools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import remote
import sessions
from peer import Peer

SANITIZER = re.compile(rb"ERROR: AddressSanitizer.*|runtime error: .*")
CLOSED = re.compile(rb"ev=close .*\bstatus=(\d+)")
ALL = dict(sessions.SESSIONS, remote=remote.Remote, remotes=remote.Remotes)
WIRE = "starttls", "pop3s"  # enough to see each record of TLS cut
PROBLEMS = "early", "lost", "torn", "twice", "leftover", "crash", "late"
PATIENCE_S = 20
SHOWN = 20
Cut = collections.namedtuple("Cut", "session how unit octets")


class Rig:
    """One session kind: its root, its server, what is cut."""

    def __init__(self, build, base, template, kind):
        self.session = ALL[kind]()
        self.w = w = sessions.World(build, base, template)
        w.log = open(base + "/log", "wb")
        self.seen = 0
        self.session.prepare(w)
        self.server = None
        if not hasattr(self.session, "cut"):
            self.start()

    def start(self):
        s, w = self.session, self.w
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            name, *rest = s.program
            words = [f"{w.build}/bin/yubin-{name}"] + [
                r if r[0] == "-" else f"{w.build}/bin/yubin-{r}" for r in rest]
            self.server = subprocess.Popen(
                [f"{w.build}/bin/yubin-tlsserver", "-t", s.mode,
                 *(["-w"] if s.stay else []), "-0", *words],
                stdin=listener, stdout=subprocess.DEVNULL, stderr=w.log,
                env=w.env)

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait()
            self.server = None
        self.w.log.close()

    def processes(self, pid):
        out = []
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as f:
                    for child in f.read().split():
                        out += [child] + self.processes(child)
        except (FileNotFoundError, ProcessLookupError):
            pass
        return out

    def closed(self):
        """Whether the server has seen the end of this connection: one that is
        reset may not even have been accepted yet."""
        with open(self.w.base + "/log", "rb") as f:
            f.seek(self.seen)
            return CLOSED.search(f.read())

    def settle(self):
        """Wait until nobody is left but a worker (and its spare)."""
        until = time.monotonic() + PATIENCE_S
        while (not self.closed() or
               len(self.processes(self.server.pid)) > self.session.stay):
            if time.monotonic() > until:
                self.w.problem("late", "processes stay")
                return
            time.sleep(0.002)

    def cut(self, c):
        """{effects}, and the peer."""
        plain = c.octets if c.unit == "plain" else None
        wire = c.octets if c.unit == "wire" else None
        if not self.server:
            return self.session.cut(self.w, c.how, plain, wire)
        self.session.reset(self.w)
        peer = Peer(socket.create_connection(("127.0.0.1", self.port)), plain,
                    wire)
        try:
            peer.play(self.session.script)
            peer.end(c.how)
            if c.how != "rst":
                peer.drain()
        except socket.timeout:
            self.w.problem("late", "no end of the session")
        self.settle()
        return self.session.found(self.w), peer

    def try_one(self, c):
        """The problems."""
        self.w.problems = []
        found, peer = self.last = self.cut(c)
        needs = self.session.script.needs
        for e in sorted(found):
            if peer.said < needs[e]:
                self.w.problem("early", f"{e} with {peer.said} of {needs[e]}")
        must = peer.acked & set(needs)
        if c.how != "rst" and (c.how == "notify" or not peer.ssl):
            # All of it has arrived.
            must |= {e for e, n in needs.items() if n <= peer.said}
        for e in sorted(must - found):
            self.w.problem("lost", e)
        self.read_log()
        return self.w.problems

    def read_log(self):
        with open(self.w.base + "/log", "rb") as f:
            f.seek(self.seen)
            text = f.read()
        self.seen += len(text)
        for line in SANITIZER.findall(text):
            self.w.problem("crash", line.decode())
        for status in CLOSED.findall(text):
            if status not in (b"0", b"111"):
                self.w.problem("crash", f"status {status.decode()}")


# ------------------------------------------------------------------ planning

def hows(session):
    tls = any(op == "tls" for op, _ in session.script.ops)
    return ("notify", "fin") if tls else ("fin", "rst")


def cuts_of(kind, wire):
    """All of a kind; wire: how many octets TLS makes of it."""
    s = ALL[kind]()
    size = s.script.size
    step = max(1, size // 80) if size > 10000 else 1
    places = sorted(set(range(0, size + 1, step)) | edges(kind))
    for how in hows(s):
        # A session without TLS at its start was cut there already.
        first = s.script.clear if kind in ("starttls", "remotes") else 0
        for n in places:
            if n >= first or how == "fin":
                yield Cut(kind, how, "plain", n)
    if kind in WIRE:
        for n in range(s.script.clear, wire):
            yield Cut(kind, "fin", "wire", n)


@functools.cache
def edges(kind):
    needs = ALL[kind]().script.needs
    return {n + d for n in needs.values() for d in (-2, -1, 0)}


def is_edge(c):
    return c.unit == "plain" and c.octets in edges(c.session)


def choose(cuts, chance):
    n = int(os.environ.get("CUTS") or 0)
    if not n:
        return cuts
    marked = [c for c in cuts if is_edge(c) and chance.random() < 0.25]
    rest = [c for c in cuts if not is_edge(c)]
    step = max(1, len(rest) // max(1, n - len(marked)))
    return marked + rest[chance.randrange(step)::step]


class Campaign:
    def __init__(self, build, base):
        self.build, self.base = os.path.abspath(build), base
        self.count = collections.Counter()
        self.offsets = set()
        self.lock = threading.Lock()
        self.template = sessions.World.template(self.build, base)
        self.rigs = {}  # of whole sessions, for the first worker

    def rig(self, kind, name):
        return Rig(self.build, f"{self.base}/{name}.{kind}", self.template,
                   kind)

    def whole(self, kind):
        """A session that is not cut does all it is for; how many octets went
        over the wire."""
        rig = self.rig(kind, "whole")
        how = "notify" if "notify" in hows(rig.session) else "fin"
        problems = rig.try_one(Cut(kind, how, "plain", 1 << 30))
        found, peer = rig.last
        self.rigs[kind] = rig
        if problems or found != set(rig.session.script.needs):
            rig.stop()
            log = open(rig.w.base + "/log").read()[-2000:]
            sys.exit(f"cuts: {kind} fails uncut: {problems} {found}\n{log}")
        return peer.wired

    def work(self, cuts, name, until):
        rigs = self.rigs if name == "w0" else {}
        try:
            while time.monotonic() < until:
                with self.lock:
                    if not cuts:
                        break
                    c = cuts.pop()
                if c.session not in rigs:
                    rigs[c.session] = self.rig(c.session, name)
                problems = rigs[c.session].try_one(c)
                with self.lock:
                    self.note(c, problems)
        except Exception:
            self.count["crash"] += 1
            traceback.print_exc()
        finally:
            for rig in list(rigs.values()):
                rig.stop()

    def note(self, c, problems):
        self.count["cuts"] += 1
        self.count[c.how] += 1
        self.offsets.add((c.session, c.unit, c.octets))
        for kind, _ in problems:
            self.count[kind] += 1
        if problems and self.count["shown"] < SHOWN:
            self.count["shown"] += 1
            print(f"# {c.session} {c.how} {c.unit}:{c.octets}: " +
                  "; ".join(f"{k}: {t}" for k, t in problems), flush=True)

    def figures(self, planned):
        n = self.count
        return (f"cuts: {n['cuts']} of {planned} cuts, {len(self.offsets)} "
                f"offsets, {n['fin']} fin, {n['rst']} rst, {n['notify']} "
                "notify, " + ", ".join(f"{n[p]} {p}" for p in PROBLEMS))


def main(build, kind=None, how=None, place=None):
    seed = os.environ.get("SEED") or str(random.randrange(1000000))
    chance = random.Random(seed)
    seconds = int(os.environ.get("SECONDS_MAX") or 0)
    root = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    base = tempfile.mkdtemp(prefix="yubin-cuts.", dir=root)
    os.chmod(base, 0o755)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("cuts: ended"))
    c = None
    try:
        c = Campaign(build, base)
        kinds = [kind] if kind else list(ALL)
        cuts = [x for k in kinds for x in cuts_of(k, c.whole(k))]
        planned = len(cuts)
        if place:
            unit, octets = place.split(":")
            cuts = [Cut(kind, how, unit, int(octets))]
        else:
            cuts = choose([x for x in cuts if how in (None, x.how)], chance)
        print(f"# {len(cuts)} of {planned} cuts, SEED={seed}", flush=True)
        chance.shuffle(cuts)
        until = time.monotonic() + seconds if seconds else float("inf")
        workers = [threading.Thread(target=c.work, args=(cuts, f"w{i}", until))
                   for i in range(min(os.cpu_count() or 1, 4))]
        for t in workers:
            t.start()
        for t in workers:
            t.join()
        print(c.figures(planned))
        return 1 if any(c.count[p] for p in PROBLEMS) or \
            not c.count["cuts"] else 0
    finally:
        for rig in c.rigs.values() if c else ():
            rig.stop()
        shutil.rmtree(base, ignore_errors=True)


if len(sys.argv) < 2:
    sys.exit(__doc__)
sys.exit(main(*sys.argv[1:]))
