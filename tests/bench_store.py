# SPDX-License-Identifier: ISC
# bench_store.py N NAME=PORT:MAILDIR …: the rows of tools/bench-store, in turns.
# Everybody is logged in before the clock starts, but for the first row.
# Environment: ROUNDS, ROWS.
import glob
import os
import re
import select
import shutil
import statistics
import sys
import time

from imap_session import Session

ROUNDS = int(os.environ.get("ROUNDS") or 5)
ROWS = re.compile(os.environ.get("ROWS") or ".")
# What a server makes of the files by itself, and what it cannot.
CACHES = ["dovecot.index*", "dovecot.list.index*", "yubin-*", ".yubin-*"]
LISTS = ["dovecot-uidlist", "dovecot-uidvalidity*", "dovecot-keywords"]
MAIL = ("From: Ann <ann@example.test>\r\nTo: Bob <bob@example.test>\r\n"
        "Subject: appended\r\nDate: Mon, 1 Feb 2021 10:00:00 +0000\r\n\r\n" +
        "And this is a line of its text, of seventy octets or nearly so.\r\n" *
        60).encode()
FLAG = "(\\Draft)"  # nobody has it


class Server:
    def __init__(self, text, n):
        self.name, rest = text.split("=")
        port, self.maildir = rest.split(":", 1)
        self.port, self.n, self.folders = int(port), n, 0
        self.owner = os.stat(self.maildir)

    def select(self, box="INBOX"):
        s = Session.login(self.port)
        s.command(f"SELECT {box}")
        return s

    def quiet(self):
        """Until no session is left: some work on when their client is gone."""
        while any(map(self.has_open, filter(str.isdigit, os.listdir("/proc")))):
            time.sleep(0.05)

    def has_open(self, pid):
        try:
            return any(os.readlink(f"/proc/{pid}/fd/{fd}").startswith(
                self.maildir) for fd in os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return False

    def drop(self, names):
        for path in names:
            for found in glob.glob(f"{self.maildir}/{path}"):
                (os.remove if os.path.isfile(found) else shutil.rmtree)(found)

    def new_folder(self, s):
        self.folders += 1
        s.command(f"CREATE Bench{self.folders}")
        return f"Bench{self.folders}"

    def deliver(self, name):
        """Into new/, and when that was."""
        tmp = f"{self.maildir}/tmp/{name}"
        with open(tmp, "wb") as f:
            f.write(MAIL.replace(b"\r", b""))
        os.chown(tmp, self.owner.st_uid, self.owner.st_gid)
        now = time.perf_counter()
        os.rename(tmp, f"{self.maildir}/new/{name}")
        return now


def timed(call, *args):
    start = time.perf_counter()
    call(*args)
    return time.perf_counter() - start


# --------------------------------------------------- one turn of each row

def select_first(sv):
    sv.drop(CACHES)
    # What was written in the last row is no longer new.
    time.sleep(2.1)
    return select_warm(sv)


def login_first(sv):
    """The login counts: a server may look at new files before it greets."""
    sv.drop(CACHES + LISTS)
    start = time.perf_counter()
    s = sv.select()
    took = time.perf_counter() - start
    s.close()
    return took * 1000


def select_warm(sv):
    s = Session.login(sv.port)
    took = timed(s.command, "SELECT INBOX")
    s.close()
    return took * 1000


def command(sv, line, first=False):
    if first:
        sv.drop(CACHES)
    s = sv.select()
    took = timed(s.command, line)
    s.close()
    return took * 1000


def bodies(sv):
    s = sv.select()
    took = timed(s.command, f"FETCH 1:{sv.n} (BODY.PEEK[])")
    rate = s.octets / took / 1e6
    s.close()
    return rate


def store_singly(sv):
    s = sv.select()
    step = max(1, sv.n // 250)
    lines = [f"STORE {i} {sign}FLAGS {FLAG}" for sign in "+-"
             for i in range(1, sv.n + 1, step)]
    os.sync()
    took = timed(lambda: [s.command(line) for line in lines])
    s.close()
    return len(lines) / took


def store_all(sv):
    s = sv.select()
    n = min(sv.n, 10000)
    os.sync()
    took = timed(s.command, f"STORE 1:{n} +FLAGS.SILENT {FLAG}")
    took += timed(s.command, f"STORE 1:{n} -FLAGS.SILENT {FLAG}")
    s.close()
    return 2 * n / took


def append(sv, clients, total):
    sessions = [Session.login(sv.port) for _ in range(clients)]
    line = f"APPEND {sv.new_folder(sessions[0])} (\\Seen) {{{len(MAIL)}+}}"
    waits = select.poll()
    by_fd = {s.sock.fileno(): s for s in sessions}
    os.sync()
    start = time.perf_counter()
    for fd, s in by_fd.items():
        s.now = s.start(line, MAIL + b"\r\n")
        waits.register(fd, select.POLLIN)
    sent, done = clients, 0
    while done < total:
        for fd, _ in waits.poll():
            s = by_fd[fd]
            s.finish(s.now)
            done += 1
            if sent < total:
                s.now = s.start(line, MAIL + b"\r\n")
                sent += 1
    took = time.perf_counter() - start
    for s in sessions:
        s.close()
    return total / took


def idle(sv):
    """The median of some deliveries, which are removed again."""
    s = sv.select()
    tag = s.start("IDLE")
    s.until_line(b"+ ")
    took = []
    for i in range(7):
        time.sleep(0.6)
        start = sv.deliver(f"{time.time_ns()}.M{i}P2.bench")
        while b" EXISTS\r\n" not in s.until_line(b"* "):
            pass
        took.append(time.perf_counter() - start)
    s.sock.sendall(b"DONE\r\n")
    s.finish(tag)
    lines = s.command(f"FETCH {sv.n + 1}:* (UID)")
    uids = b",".join(re.findall(rb"UID (\d+)", lines)).decode()
    s.command(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
    s.command(f"UID EXPUNGE {uids}")
    s.close()
    return statistics.median(took) * 1000


# name, unit, a turn.  Rates are better when higher, times when lower.
TABLE = [
    ("LOGIN and SELECT, files only", "ms", login_first),
    ("SELECT, UID list, no cache", "ms", select_first),
    ("SELECT, warm", "ms", select_warm),
    ("FETCH FLAGS, warm", "ms",
     lambda sv: command(sv, "FETCH 1:* (FLAGS)")),
    ("FETCH ENVELOPE, first", "ms",
     lambda sv: command(sv, "FETCH 1:* (ENVELOPE)", True)),
    ("FETCH ENVELOPE, warm", "ms",
     lambda sv: command(sv, "FETCH 1:* (ENVELOPE)")),
    ("FETCH BODYSTRUCTURE, first", "ms",
     lambda sv: command(sv, "FETCH 1:* (BODYSTRUCTURE)", True)),
    ("FETCH BODYSTRUCTURE, warm", "ms",
     lambda sv: command(sv, "FETCH 1:* (BODYSTRUCTURE)")),
    ("FETCH BODY[]", "MB/s", bodies),
    ("SEARCH UNSEEN, warm", "ms",
     lambda sv: command(sv, "SEARCH UNSEEN")),
    ("SEARCH SUBJECT, first", "ms",
     lambda sv: command(sv, "SEARCH SUBJECT Friday", True)),
    ("SEARCH SUBJECT, warm", "ms",
     lambda sv: command(sv, "SEARCH SUBJECT Friday")),
    ("SEARCH TEXT, nothing found", "ms",
     lambda sv: command(sv, "SEARCH TEXT zeppelin")),
    ("STORE one by one", "/s", store_singly),
    ("STORE 1:* (10,000 at most)", "/s", store_all),
    ("APPEND, 1 client", "/s", lambda sv: append(sv, 1, 300)),
    ("APPEND, 20 clients", "/s", lambda sv: append(sv, 20, 1000)),
    ("IDLE, notice of a delivery", "ms", idle),
]


def same_answers(servers):
    """Both must see the same mailbox: else the figures compare nothing."""
    for line in "SEARCH RETURN (COUNT) UNSEEN", \
            "SEARCH RETURN (COUNT) SUBJECT Friday", \
            "SEARCH RETURN (COUNT MAX) DELETED", "STATUS INBOX (MESSAGES)":
        answers = set()
        for sv in servers:
            s = sv.select()
            answers.add(tuple(re.findall(rb"(?:COUNT|MAX|MESSAGES) (\d+)",
                                         s.command(line))))
            s.close()
        if len(answers) != 1:
            sys.exit(f"bench-store: the answers to {line} differ: {answers}")


def figure(values):
    mid = statistics.median(values)
    digits = 0 if mid >= 100 else 1 if mid >= 10 else 2
    return f"{mid:9.{digits}f} {min(values):.{digits}f}-{max(values):.{digits}f}"


def report(servers, n, values):
    print(f"{n} messages: medians of {ROUNDS} rounds, least-most")
    print(f"{'':30}{'':5}" + "".join(f"{sv.name:>9}{'':18}" for sv in servers)
          + "times as fast")
    for name, unit, _ in TABLE:
        both = [values[name, sv.name] for sv in servers
                if (name, sv.name) in values]
        if not both:
            continue
        ratio = ""
        if len(both) == 2:
            a, b = map(statistics.median, both)
            ratio = f"{b / a if unit == 'ms' else a / b:8.1f}"
        print(f"{name:30}{unit:5}" +
              "".join(f"{figure(v):27}" for v in both) + ratio)
    print(flush=True)


def main():
    n = int(sys.argv[1])
    servers = [Server(text, n) for text in sys.argv[2:]]
    values = {}
    for sv in servers:
        sv.select().close()
    same_answers(servers)
    for turn in range(ROUNDS):
        for name, _, call in TABLE:
            if ROWS.search(name):
                for sv in servers[::-1] if turn % 2 else servers:
                    sv.quiet()
                    values.setdefault((name, sv.name), []).append(call(sv))
    report(servers, n, values)


main()
