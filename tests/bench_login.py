# SPDX-License-Identifier: ISC
# The rows of tools/bench-login:
#   bench_login.py rates LOAD USERS NAME=CGROUP:IMAP:IMAPS:POP3 …   in turns
#   bench_login.py idle LOAD USERS NAME=…             memory of idle clients
#   bench_login.py many N LOAD USERS NAME=…   N of them, and logins meanwhile
# LOAD is tests/login_load.  Environment: ROUNDS, ROWS, CLIENTS.
import os
import re
import statistics
import subprocess
import sys
import time

ROUNDS = int(os.environ.get("ROUNDS") or 5)
ROWS = re.compile(os.environ.get("ROWS") or ".")
CLIENTS = [int(n) for n in (os.environ.get("CLIENTS") or "200 1000").split()]
SOURCES = "250"
WRAPPERS = ("bash", "dash", "sh", "unshare")

# name, sessions, port, arguments of the load
TABLE = [
    ("POP3 session, 100 messages", 400, "pop3", ["pop3"]),
    ("IMAP login", 400, "imap", ["imap"]),
    ("IMAP login, TLS", 400, "imaps", ["-t", "imap"]),
    ("IMAP login, SELECT of 1,000", 400, "imap", ["-b", "Many", "imap"]),
]


class Server:
    def __init__(self, text):
        self.name, rest = text.split("=")
        self.cgroup, imap, imaps, pop3 = rest.split(":")
        self.port = {"imap": imap, "imaps": imaps, "pop3": pop3}

    def cpu_us(self):
        with open(self.cgroup + "/cpu.stat") as f:
            return int(re.search(r"usage_usec (\d+)", f.read())[1])

    def settle(self):
        """Until what was left to do is done; its CPU time since the start."""
        last = -10**9
        while True:
            now = self.cpu_us()
            if now - last < 5000:
                return now
            last = now
            time.sleep(0.3)

    def memory(self):
        """kB of all its processes by program: private, proportional, number."""
        found = {}
        with open(self.cgroup + "/cgroup.procs") as f:
            pids = f.read().split()
        for pid in pids:
            try:
                name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
                if name in WRAPPERS:
                    continue
                with open(f"/proc/{pid}/smaps_rollup") as f:
                    text = f.read()
            except OSError:
                continue
            sizes = [sum(map(int, re.findall(what + r":\s+(\d+) kB", text)))
                     for what in ("Private_(?:Clean|Dirty)", "\nPss")]
            old = found.get(name, (0, 0, 0))
            found[name] = (old[0] + sizes[0], old[1] + sizes[1], old[2] + 1)
        return found


def load(sv, users, port, args):
    return ["-u", users, "-s", SOURCES] + args + [sv.port[port]]


def turn(program, users, sv, sessions, port, args):
    before = sv.settle()
    out = subprocess.run(
        [program, "-c", "20", "-n", str(sessions)] +
        load(sv, users, port, args), check=True, stdout=subprocess.PIPE).stdout
    seconds, middle, _ = map(float, out.split())
    cpu = sv.settle() - before
    return sessions / seconds, middle, cpu / sessions / 1000


def figure(values):
    digits = 0 if max(values) >= 100 else 1 if max(values) >= 10 else 2
    return (f"{statistics.median(values):7.{digits}f} "
            f"{min(values):.{digits}f}-{max(values):.{digits}f}")


def rates(program, users, servers):
    values = {}
    table = [row for row in TABLE if ROWS.search(row[0])]
    if not table:
        return
    for sv in servers:  # their caches, once
        for _, _, port, args in table:
            turn(program, users, sv, 2 * int(users), port, args)
    for i in range(ROUNDS):
        for name, sessions, port, args in table:
            for sv in servers[::-1] if i % 2 else servers:
                values.setdefault((name, sv.name), []).append(
                    turn(program, users, sv, sessions, port, args))
    print(f"20 clients at once: medians of {ROUNDS} rounds, least-most")
    print(f"{'':30}{'':10}{'a second':20}{'ms to login':20}{'CPU ms':20}yubin")
    for name, *_ in table:
        mine = [v[0] for v in values[name, "yubin"]]
        for sv in servers:
            columns = list(zip(*values[name, sv.name]))
            ratio = statistics.median(mine) / statistics.median(columns[0])
            print(f"{name if sv is servers[0] else '':30}{sv.name:10}" +
                  "".join(f"{figure(c):20}" for c in columns) +
                  ("" if sv is servers[0] else f"{ratio:5.2f}"))
    print(flush=True)


class Holder:
    """The load with its clients idle."""

    def __init__(self, program, users, sv, n, port, args):
        start = time.perf_counter()
        self.proc = subprocess.Popen(
            [program, "-i", "-b", "Many", "-c", "20", "-n", str(n)] +
            load(sv, users, port, args), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        if self.proc.stdout.readline() != "ready\n":
            sys.exit(f"bench-login: {sv.name} did not take {n} clients")
        self.seconds = time.perf_counter() - start

    def more(self, n):
        self.proc.stdin.write(f"{n}\n")
        self.proc.stdin.flush()
        return self.proc.stdout.readline().split()

    def end(self):
        self.proc.stdin.close()
        self.proc.wait()


def idle(program, users, servers):
    for sv in servers:
        for port, args in ("imap", ["imap"]), ("imaps", ["-t", "imap"]):
            for n in CLIENTS:
                what = f"{n} idle" + (", TLS" if "-t" in args else "")
                if not ROWS.search(what):
                    continue
                holder = Holder(program, users, sv, n, port, args)
                sv.settle()
                found = sv.memory()
                holder.end()
                sv.settle()
                private, pss, _ = map(sum, zip(*found.values()))
                parts = "  ".join(
                    f"{k} {v[0] / n:.0f}" for k, v in sorted(found.items())
                    if v[2] * 10 > n)
                print(f"{sv.name:10}{what:18}{private / n:6.0f} kB private"
                      f"{pss / n:6.0f} kB proportional   ({parts})",
                      flush=True)


def available_mb():
    with open("/proc/meminfo") as f:
        return int(re.search(r"MemAvailable:\s+(\d+)", f.read())[1]) / 1024


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) / 1024


def many(n, program, users, servers):
    sv = servers[0]
    before = available_mb()
    holder = Holder(program, users, sv, n, "imaps", ["-t", "imap"])
    sv.settle()
    used = before - available_mb() - resident_mb(holder.proc.pid)
    found = sv.memory()
    private, pss, processes = map(sum, zip(*found.values()))
    print(f"{n} idle clients over TLS after {holder.seconds:.0f} s:\n"
          f"  {processes} processes, {private / 1024:.0f} MB private, "
          f"{pss / 1024:.0f} MB proportional\n"
          f"  {used:.0f} MB less memory available, with the kernel's part "
          f"and both ends of the sockets")
    for i in range(3):
        middle, p99, most = holder.more(300)
        print(f"  300 further logins over TLS, one by one: median {middle} ms, "
              f"p99 {p99} ms, most {most} ms", flush=True)
    holder.end()


def main():
    mode, *rest = sys.argv[1:]
    if mode == "many":
        many(int(rest[0]), rest[1], rest[2], [Server(t) for t in rest[3:]])
    else:
        {"rates": rates, "idle": idle}[mode](
            rest[0], rest[1], [Server(t) for t in rest[2:]])


main()
