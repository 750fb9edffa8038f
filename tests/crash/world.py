# SPDX-License-Identifier: ISC
"""What the scenarios of crash.py act in: messages, a root on a quick file
system, a mail server elsewhere, and what is found there in the end."""
import collections
import os
import re
import shutil
import socket
import subprocess
import threading
import time

DOMAIN = "example.test"
USERS = ("ann", "bob")
SLOTS = 6  # few, to be copied each time
OLD_S = 40 * 3600  # leftovers are removed after 36 hours
PREFIX = re.compile(rb"(?:(?:Return-Path|Delivered-To|Received):.*\n"
                    rb"(?:[ \t].*\n)*)*\Z")
ID = re.compile(rb"^(?:Received:.*|[ \t].*)\bid ([0-9a-v]{21})\b", re.M)
TOKEN = re.compile(rb"^X-Token: (\S+)$", re.M)
SANITIZER = re.compile(rb"ERROR: AddressSanitizer: .*|runtime error: .*")
BOUNDARY = re.compile(rb'boundary="?([^"\n]+)')


class Message:
    """A message that nobody has a reason to change."""

    def __init__(self, token, lines):
        self.token = token
        self.text = (
            f"X-Token: {token}\r\nFrom: ann@{DOMAIN}\r\nTo: you@{DOMAIN}\r\n"
            "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
            f"Message-ID: <{token}@{DOMAIN}>\r\nSubject: {token}\r\n\r\n"
            + "".join(f"{'.' * (i % 3)}{token} line {i}\r\n"
                      for i in range(lines))).encode()
        self.lf = self.text.replace(b"\r\n", b"\n")

    def dotted(self):
        """As SMTP's DATA wants it."""
        return re.sub(rb"^\.", b"..", self.text, flags=re.M) + b".\r\n"


class Server:
    """A mail server that takes everything and remembers it."""

    def __init__(self):
        self.taken = []
        self.changed = threading.Condition()
        self.open = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.listener.accept()
            with self.changed:
                self.open += 1
            threading.Thread(target=self.talk, args=(sock,),
                             daemon=True).start()

    def talk(self, sock):
        try:
            with sock, sock.makefile("rwb") as f:
                self.session(f)
        except OSError:
            pass
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def session(self, f):
        rcpts = []
        self.say(f, "220 there")
        while line := f.readline():
            word = line[:4].upper()
            if word == b"RCPT":
                rcpts.append(line.split(b"<")[1].split(b">")[0].decode())
            if word == b"EHLO":
                self.say(f, "250-there", "250-PIPELINING", "250 8BITMIME")
            elif word == b"DATA":
                self.say(f, "354 go")
                text = self.message(f)
                if text is None:
                    return
                self.taken.append((rcpts, text))
                rcpts = []
                self.say(f, "250 2.0.0 taken")
            elif word == b"QUIT":
                self.say(f, "221 bye")
                return
            else:
                self.say(f, "250 2.0.0 ok")

    @staticmethod
    def say(f, *lines):
        f.write("".join(s + "\r\n" for s in lines).encode())
        f.flush()

    @staticmethod
    def message(f):
        text = b""
        while (line := f.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                return None
            text += line[1:] if line[:1] == b"." else line
        return text

    def settle(self):
        """Wait until nobody is connected; what was taken since the last."""
        with self.changed:
            self.changed.wait_for(lambda: self.open == 0, 20)
            taken, self.taken = self.taken, []
        return taken


class Run:
    """What a program did: its output, exit status and the faults' report."""

    def __init__(self, code, out, log, report):
        self.code, self.out, self.log = code, out, log
        self.report = [line.split(" ", 4) for line in report.splitlines()]

    def hit(self):
        return any(line[0] == "hit" for line in self.report)

    def where(self):
        return next((line[4] for line in self.report
                     if line[0] == "hit" and len(line) > 4), "")

    def crashes(self):
        """Deaths that no program of ours may die.  The loader of the GNU C
        library does not check all its calls."""
        return [" ".join(line) for line in self.report
                if line[0] == "signal" and line[2] not in ("9", "13", "15") and
                "/ld-linux" not in line[3]] + [
                    s.decode() for s in SANITIZER.findall(self.log)]

    def late(self):
        return [line[1] for line in self.report if line[0] == "late"]


class World:
    """One root.  Problems found are pairs of a kind and a text."""

    def __init__(self, build, base, server):
        self.bin = build + "/bin/yubin-"
        self.tests = build + "/tests/"
        self.base, self.server = base, server
        self.root = base + "/root"
        self.problems, self.found = [], collections.Counter()
        self.by_id, self.duplicates = {}, 0
        self.env = {
            "PATH": f"{build}/bin:{build}/tests:/usr/bin:/bin",
            "YUBIN_ROOT": self.root, "YUBIN_HOSTNAME": "mx." + DOMAIN,
            "SMTP_USER": "no-such-user", "MAIL_USER": "no-such-user",
            "REMOTE_USER": "no-such-user", "QUEUE_USER": "no-such-user",
            "CLEARTEXT_LOGIN": "1", "LOGIN_DELAY": "0", "LOCAL_JOBS": "1",
            "REMOTE_JOBS": "1",
            "REMOTE_TIMEOUT": "10", "QUEUE_SLOTS": str(SLOTS),
            "ASAN_OPTIONS": "detect_leaks=0"}

    # ---------------------------------------------------------------- acting

    def run(self, argv, stdin=b"", faults=(), limit=None, sessions=()):
        """Run a program, under faults if asked to; see tests/faults.c.  With
        sessions it is a worker, and each of them is a connection, whose output
        ends in a NUL."""
        names = {n: f"{self.base}/{n}" for n in ("in", "out", "log", "report")}
        with open(names["in"], "wb") as f:
            f.write(stdin)
        open(names["report"], "w").close()
        if faults:
            argv = [self.tests + "faults", "-t", "30", "-o", names["report"],
                    *faults, *argv]
        if limit:
            argv = ["sh", "-c", 'ulimit -n "$0"; exec "$@"', str(limit), *argv]
        with open(names["in"], "rb") as i, open(names["out"], "wb") as o, \
                open(names["log"], "wb") as e:
            if sessions:
                ours, i = socket.socketpair(type=socket.SOCK_SEQPACKET)
            p = subprocess.Popen(argv, stdin=i, stdout=o, stderr=e,
                                 env=self.env)
            if sessions:
                i.close()
                control = None
                for s in sessions:
                    out, control = self.converse(ours, s, control)
                    o.write(out + b"\0")
                if control:
                    control.close()
                ours.close()
            code = self.end(p)
        out, log, report = (open(names[n], "rb").read()
                            for n in ("out", "log", "report"))
        return Run(code, out, log, report.decode())

    def end(self, p):
        try:
            return p.wait(60)
        except subprocess.TimeoutExpired:
            self.problem("late", f"{p.args} ran for a minute")
            p.kill()
            return p.wait()

    def converse(self, worker, text, control=None):
        """Give a connection to a worker or, with the control socket of a
        session before, to its process; say the text, and return what comes
        back, and the control socket if its process waits for another one."""
        here, there = socket.socketpair()
        again, out = control is not None, b""
        fds = [there.fileno()]
        with here:
            with there:
                if not again:
                    control, its_control = socket.socketpair()
                    fds.append(its_control.fileno())
                try:
                    socket.send_fds(control if again else worker,
                                    [b"PROTO=TCP\0TCPREMOTEIP=::1\0"], fds)
                except OSError:
                    fds = []  # it is gone
                if not again:
                    its_control.close()
            if fds:
                out = self.say(here, text)
        control.settimeout(40)
        try:
            if fds and control.recv(1) == b"R":
                return out, control
        except TimeoutError:
            self.problem("late", "a control socket")
        except OSError:
            pass
        control.close()
        return out, None

    def say(self, here, text):
        out = b""
        here.settimeout(40)
        try:
            here.sendall(text)
            here.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may have said something before
        try:
            while part := here.recv(65536):
                out += part
        except TimeoutError:
            self.problem("late", "a connection")
        except OSError:
            pass
        return out

    def must(self, argv, stdin=b""):
        r = self.run(argv, stdin)
        if r.code != 0:
            raise RuntimeError(f"{argv}: {r.code} {r.out} {r.log}")
        return r

    def make_root(self):
        yubin = self.bin[:-1]
        self.must([yubin, "init"])
        self.must([yubin, "domain", "add", DOMAIN])
        for user in USERS:
            self.must([yubin, "user", "add", f"{user}@{DOMAIN}"], b"secret\n")
            box = self.box(user)
            for name in os.listdir(box):
                if name not in ("cur", "new", "tmp"):
                    path = os.path.join(box, name)
                    (shutil.rmtree if os.path.isdir(path) else os.unlink)(path)
        users = f"{self.root}/domains/{DOMAIN}/users"
        with open(users) as f:
            text = re.sub(r"^(\w+):[^:]*:", r"\1:{PLAIN}secret:", f.read(),
                          flags=re.M)
        with open(users, "w") as f:
            f.write(text)
        with open(self.root + "/routes", "w") as f:
            f.write(f"* [127.0.0.1]:{self.server.port}\n")

    def copy_root(self, template):
        shutil.rmtree(self.root, ignore_errors=True)
        subprocess.run(["cp", "-a", template, self.root], check=True)
        with open(self.root + "/routes", "w") as f:
            f.write(f"* [127.0.0.1]:{self.server.port}\n")

    def put(self, message, sender, *rcpts):
        """Into the queue; returns the id."""
        return self.must([self.tests + "queue_put", sender, *rcpts],
                         message.text).out.decode().strip()

    def runner(self, **how):
        return self.run([self.bin + "queue-runner", "--once", "--all"], **how)

    def recover(self):
        """The runner alone, undisturbed, must manage what is left."""
        r = self.runner()
        if r.code != 0:
            self.problem("lost", f"the runner fails then: {r.log[-300:]}")

    # --------------------------------------------------------------- finding

    def problem(self, kind, text):
        self.problems.append((kind, text))

    def box(self, user):
        return f"{self.root}/mail/{DOMAIN}/{user}"

    def files(self, *parts):
        top = os.path.join(self.root, *parts)
        return [os.path.join(d, n) for d, _, names in os.walk(top)
                for n in names]

    def look(self, messages):
        """Count what is where; what is not whole is torn."""
        self.found.clear()
        self.by_id.clear()
        for user in USERS:
            for path in self.files("mail", DOMAIN, user):
                if "/new/" in path or "/cur/" in path:
                    with open(path, "rb") as f:
                        self.take(user, f.read(), messages)
        for rcpts, text in self.server.settle():
            for rcpt in rcpts:
                self.take(rcpt, text.replace(b"\r\n", b"\n"), messages)

    def take(self, where, text, messages):
        token = TOKEN.search(text)
        name = token and token[1].decode()
        whole = False
        if name in messages:
            at = text.index(b"X-Token: ")
            whole = text[at:] == messages[name].lf and \
                PREFIX.match(text[:at]) is not None
        boundary = BOUNDARY.search(text)
        if boundary and b"\nAuto-Submitted: auto-replied" in text:
            where = "bounce"
            whole = text.rstrip(b"\n").endswith(b"--" + boundary[1] + b"--")
        if not whole:
            self.problem("torn", f"at {where}: {len(text)} octets, {name}")
            return
        self.found[where, name] += 1
        for i in ID.findall(text[:text.index(b"X-Token: ")]):
            self.by_id[i] = name

    def expect(self, where, message, least, most=1):
        n = self.found.pop((where, message.token), 0)
        if n < least:
            self.problem("lost", f"{message.token} for {where}")
        if n > most:
            self.problem("twice", f"{message.token} for {where}: {n} times")
        self.duplicates += max(0, n - 1)

    def nothing_else(self, bad=0):
        """Nothing but what was expected, and nothing left over when the
        cleaners come after 36 hours; bad files were in the queue."""
        for (where, token), n in self.found.items():
            self.problem("false", f"{n} times {token} at {where}")
        self.clean()
        left = [p for part in ("new", "tmp", "hold", "slot")
                for p in self.files("queue", part) if not self.free_slot(p)]
        left += [p for p in self.files("mail")
                 if "/tmp/" in p[len(self.root):]]
        for path in left:
            self.problem("leftover", path[len(self.root):])
        if (n := len(self.files("queue", "bad"))) != bad:
            self.problem("leftover", f"{n} files in queue/bad, not {bad}")

    @staticmethod
    def free_slot(path):
        if os.path.islink(path):  # slot/count
            return True
        with open(path, "rb") as f:
            return f.read(17).startswith(b"yubin-queue free")

    def clean(self):
        when = time.time() - OLD_S
        queue = self.files("queue", "tmp")
        for path in queue:
            os.utime(path, (when, when))
        if queue:
            self.runner()
        for user in USERS:
            files = self.files("mail", DOMAIN, user, "tmp")
            for path in files:
                os.utime(path, (when, when))
            if files:
                self.env["MAILDIR"] = self.box(user)
                self.run([self.bin + "pop3d"], b"QUIT\r\n")
                del self.env["MAILDIR"]
