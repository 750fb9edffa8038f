#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""One system call goes wrong, at each point in turn, of acceptance, delivery,
bouncing, and sessions that change a Maildir; then everything must be where it
was promised to be.

usage: crash.py BUILD [SCENARIO [MODE POINT [HOW]]]

Each scenario runs once undisturbed to learn its points (tests/faults.c); then
for each of them in a fresh root: SIGKILL before the call; the call fails with
each errno; it reads or writes less.  SECONDS_MAX=n tries for n seconds points
chosen at random from SEED.  A single point may be named, to look at it; its
root is then kept.  The last line has the figures."""
import collections
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

import scenarios
import store
from world import Server, World

ERRNOS = ("EIO", "ENOSPC", "EDQUOT", "EMFILE", "ENOMEM", "EINTR")
MEMORY = {"mmap", "mremap", "munmap", "mprotect", "madvise", "brk"}
WAITING = {"wait4", "waitid"}
# Asked of the kernel, not of a file.
ASKED = {"fcntl", "ioctl", "dup2", "dup3", "lseek", "fstat", "setsockopt",
         "getsockopt", "getpeername", "getsockname", "prctl", "prlimit64",
         "getrlimit", "setrlimit", "kill", "setsid", "setpgid"}
# These cannot fail, or nothing can be made of it.
SURE = {"exit", "exit_group", "rt_sigreturn", "rt_sigaction", "rt_sigprocmask",
        "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid",
        "getegid", "umask", "set_tid_address", "set_robust_list", "arch_prctl",
        "rseq", "clock_gettime", "gettimeofday", "alarm", "futex"}
PARTS = {"read", "write", "pread64", "pwrite64", "readv", "writev", "sendto",
         "recvfrom"}
PROBLEMS = ("lost", "torn", "leftover", "false", "twice", "crash", "late")
SHOWN = 40
KILL_WEIGHT = 0.4  # when there is no time for all, rather these


def errnos(call):
    """What a call can fail with, of our six."""
    if call in SURE:
        return ()
    if call in MEMORY:
        return ("ENOMEM",)
    if call in WAITING:
        return ("EINTR",)
    return ("EIO", "ENOMEM") if call in ASKED else ERRNOS


class Job:
    def __init__(self, scenario, mode, point, how=None):
        self.scenario, self.mode = scenario, mode
        self.point, self.how = point, how

    def __str__(self):
        return " ".join(filter(None, (self.scenario.name, self.mode,
                                      str(self.point), self.how)))

    def options(self):
        if self.mode == "fds":
            return {"limit": self.point, "faults": ("count",)}
        return {"faults": tuple(filter(None, (self.mode, self.point,
                                              self.how)))}


class Rig:
    def __init__(self, build, base):
        self.build, self.base = build, base
        self.lock = threading.Lock()
        self.count = collections.Counter()
        self.programs = collections.Counter()
        self.points = set()
        with open(build + "/bin/yubin-smtpd", "rb") as f:
            # AddressSanitizer cannot do without memory, and says so.
            self.memory = b"__asan_init" not in f.read()
        self.shown = 0
        self.stopped = False

    def world(self, name, server):
        base = os.path.join(self.base, name)
        os.makedirs(base, exist_ok=True)
        return World(self.build, base, server)

    def template(self, scenario):
        return os.path.join(self.base, "template-" + scenario.name)

    # ------------------------------------------------------------- preparing

    def prepare(self, scenario, server):
        """Make the root to start from; return the points of an undisturbed
        run, which must do all its work."""
        w = self.world("prepare", server)
        shutil.rmtree(w.root, ignore_errors=True)
        w.make_root()
        w.must([w.bin + "queue-runner", "--once"])  # makes the slots
        scenario.prepare(w)
        os.rename(w.root, self.template(scenario))
        w.copy_root(self.template(scenario))
        run = scenario.act(w, faults=("count",))
        self.judge(scenario, w, run)
        if w.problems or not scenario.complete(run):
            sys.exit(f"crash: {scenario.name} fails without any fault: "
                     f"{w.problems[:9]} {run.out[-999:]} {run.log[-999:]}")
        return [(name, call, n + 1) for name, call, count in
                (line[:3] for line in run.report if len(line) == 3 and
                 line[0] not in ("signal", "late"))
                for n in range(int(count))]

    def jobs(self, scenario, server):
        for name, call, n in self.prepare(scenario, server):
            point = f"{name}:{call}:{n}"
            yield Job(scenario, "kill", point)
            if not name.startswith(scenario.only):
                continue
            for e in errnos(call) if self.memory or call not in MEMORY else ():
                yield Job(scenario, "errno", point, e)
            for part in ("1", "half") if call in PARTS else ():
                yield Job(scenario, "short", point, part)
        for n in scenario.limits:
            yield Job(scenario, "fds", n)

    # --------------------------------------------------------------- judging

    def judge(self, scenario, w, run):
        for text in run.crashes():
            w.problem("crash", text)
        for name in run.late():
            w.problem("late", name)
        scenario.after(w, run)
        w.look(scenario.messages)
        scenario.judge(w, run)
        w.nothing_else(scenario.bad)

    def do(self, job, name, server):
        w = self.world(name, server)
        w.copy_root(self.template(job.scenario))
        run = job.scenario.act(w, **job.options())
        self.judge(job.scenario, w, run)
        if job.mode == "fds" and run.code not in job.scenario.codes:
            w.problem("crash", f"exit status {run.code}")
        with self.lock:
            self.note(job, w, run)
        return w, run

    def note(self, job, w, run):
        self.count[job.mode] += 1
        self.count["duplicates"] += w.duplicates
        if job.mode != "fds":
            self.points.add((job.scenario.name, job.point))
            self.count["missed"] += not run.hit()
        for kind, _ in w.problems:
            self.count[kind] += 1
        if w.problems and self.shown < SHOWN:
            self.shown += 1
            print(f"# {job} ({run.where()}): " +
                  "; ".join(f"{k}: {t}" for k, t in w.problems[:9]),
                  flush=True)

    def work(self, jobs, name, until):
        server = Server()
        while time.monotonic() < until and not self.stopped:
            with self.lock:
                if not jobs:
                    return
                job = jobs.pop()
            self.do(job, name, server)

    # --------------------------------------------------------------- figures

    def stop(self, *_):
        """End after the runs under way, with the figures until then."""
        self.stopped = True

    def failed(self):
        return self.stopped or any(self.count[k] for k in PROBLEMS)

    def figures(self, planned):
        c = self.count
        tried = c["kill"] + c["errno"] + c["short"] + c["fds"]
        return (f"crash: {len(self.points)} points, {c['kill']} kills, "
                f"{c['errno']} errnos, {c['short']} short, {c['fds']} limits, "
                f"{tried} of {planned} tried, {c['missed']} not reached, "
                f"{c['lost']} lost, {c['torn']} torn, "
                f"{c['leftover']} leftovers, {c['false']} false, "
                f"{c['crash']} crashes, {c['late']} late, "
                f"{c['twice']} too often, {c['duplicates']} duplicates "
                "(allowed: remote and bounce)")


def campaign(rig, chosen, seconds):
    seed = os.environ.get("SEED") or str(random.randrange(1000000))
    chance = random.Random(seed)
    server = Server()
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, rig.stop)
    jobs = [j for s in chosen for j in rig.jobs(s, server)]
    planned = len(jobs)
    print(f"# {planned} faults, SEED={seed}", flush=True)
    # Popped from the end.
    jobs.sort(key=lambda j: chance.random() *
              (KILL_WEIGHT if j.mode == "kill" else 1), reverse=True)
    until = time.monotonic() + seconds if seconds else float("inf")
    workers = [threading.Thread(target=rig.work, args=(jobs, f"w{i}", until))
               for i in range(min(os.cpu_count() or 1, 4))]
    for t in workers:
        t.start()
    for t in workers:
        t.join()
    print(rig.figures(planned))
    return 1 if rig.failed() else 0


def single(rig, scenario, mode, point, how=None):
    server = Server()
    if mode == "fds":
        point = int(point)
    rig.prepare(scenario, server)
    w, run = rig.do(Job(scenario, mode, point, how), "single", server)
    print(f"status {run.code}\n{run.out[-2000:].decode()}\n"
          f"{run.log[-4000:].decode()}\n{run.report[-20:]}\n{w.root}")
    return 1 if rig.failed() else 0


def main(build, name=None, *point):
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    base = tempfile.mkdtemp(prefix="yubin-crash.", dir=place)
    rig = Rig(os.path.abspath(build), base)
    chosen = [s for s in scenarios.ALL + store.ALL if name in (None, s.name)]
    if point:
        return single(rig, chosen[0], *point)
    try:
        return campaign(rig, chosen, int(os.environ.get("SECONDS_MAX") or 0))
    finally:
        shutil.rmtree(base, ignore_errors=True)


if len(sys.argv) < 2:
    sys.exit(__doc__)
sys.exit(main(*sys.argv[1:]))
