# SPDX-License-Identifier: ISC
"""A client of yubin-imapd on a socketpair that keeps the books a client must
keep (RFC 3501 5.2, 7.3, 7.4): which message has which sequence number, UID and
flags.  What contradicts them is a problem."""
import re
import socket
import subprocess
import time

WAIT_S = 60
NUMBERED = re.compile(rb"\* (\d+) (EXISTS|RECENT|EXPUNGE|FETCH)\b")
UID = re.compile(rb"[( ]UID (\d+)")
FLAGS = re.compile(rb"[( ]FLAGS \(([^)]*)\)")
SIZE = re.compile(rb"[( ]RFC822\.SIZE (\d+)")
LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")


def response(f):
    """The next response: its text, and the literals that stood in it.  None
    when there is no whole one."""
    text, literals = b"", []
    while True:
        line = f.readline()
        if not line.endswith(b"\r\n"):
            return None
        text += line
        m = LITERAL.search(line)
        if not m:
            return text, literals
        literals.append(f.read(int(m[1])))


def flag_set(text):
    return frozenset(w for w in text.decode().split() if w != r"\Recent")


def uid_set(uids):
    return ",".join(map(str, sorted(uids)))


def expand(text):
    """The numbers of a set without "*", in the order written."""
    out = []
    for part in text.decode().split(","):
        first, _, last = part.partition(":")
        out += range(int(first), int(last or first) + 1)
    return out


class Ended(Exception):
    """The server said BYE, or died."""


class Entry:
    """A message as the client knows it; None is not known."""
    __slots__ = ("uid", "flags")

    def __init__(self):
        self.uid = self.flags = None


class Imap:
    """problem(kind, text) is called for what must not be."""

    def __init__(self, program, env, log, problem):
        ours, theirs = socket.socketpair()
        self.p = subprocess.Popen([program], stdin=theirs, stdout=theirs,
                                  stderr=log, env=env)
        theirs.close()
        ours.settimeout(WAIT_S)
        self.sock, self.file = ours, ours.makefile("rb")
        self.problem = problem
        self.tag = 0
        self.view, self.folder = [], None
        self.last = 0  # the greatest UID told since SELECT
        self.behind = set()  # entries whose UID could not be told yet
        self.uidvalidity = self.uidnext = 0
        self.bodies = {}  # UID: text and size, of the last command
        self.found = []  # by SEARCH
        self.holds = False  # no EXPUNGE may come (RFC 3501 7.4.1)
        self.take()  # the greeting

    # -------------------------------------------------------------- responses

    def take(self):
        try:
            r = response(self.file)
        except OSError as e:
            raise Ended(f"no answer: {e}") from e
        if r is None or r[0].startswith(b"* BYE"):
            raise Ended(f"{r and r[0]}, status {self.end()}")
        return r

    def numbered(self, n, kind, text, literals):
        if kind == b"EXISTS":
            if n < len(self.view):
                self.problem("view", f"{n} EXISTS, there were "
                             f"{len(self.view)}")
            self.view += [Entry() for _ in range(n - len(self.view))]
        elif kind == b"RECENT":
            if n > len(self.view):
                self.problem("view", f"{n} RECENT of {len(self.view)}")
        elif not 1 <= n <= len(self.view):
            self.problem("view", f"{n} {kind} of {len(self.view)}")
        elif kind == b"EXPUNGE":
            if self.holds:
                self.problem("view", "EXPUNGE within a command with numbers")
            del self.view[n - 1]
        else:
            self.fetched(n, text, literals)

    def fetched(self, n, text, literals):
        e = self.view[n - 1]
        if m := UID.search(text):
            self.learn_uid(n, int(m[1]))
        if m := FLAGS.search(text):
            e.flags = flag_set(m[1])
        if literals and e.uid:
            size = SIZE.search(text)
            self.bodies[e.uid] = literals[0], size and int(size[1])

    def learn_uid(self, n, uid):
        e = self.view[n - 1]
        if e.uid == uid:
            return
        if e.uid:
            self.problem("view", f"number {n} was UID {e.uid}, is {uid}")
        e.uid = uid

    def untagged(self, text, literals):
        if m := NUMBERED.match(text):
            self.numbered(int(m[1]), m[2], text, literals)
        elif m := re.match(rb"\* OK \[UIDVALIDITY (\d+)\]", text):
            self.uidvalidity = int(m[1])
        elif m := re.match(rb"\* OK \[UIDNEXT (\d+)\]", text):
            self.uidnext = int(m[1])
        elif text.startswith(b"* SEARCH"):
            self.found = [int(w) for w in text.split()[2:]]

    # --------------------------------------------------------------- commands

    def send(self, *parts):
        self.tag += 1
        line = b"".join([f"t{self.tag} ".encode(), *parts, b"\r\n"])
        try:
            self.sock.sendall(line)
        except OSError as e:
            raise Ended(str(e)) from e

    def finish(self):
        """Read until the tagged line; returns OK or NO, and the whole of what
        was said."""
        tag, said = f"t{self.tag} ".encode(), b""
        while True:
            text, literals = self.take()
            said += text
            if text.startswith(tag):
                status = text.split()[1].decode()
                if status == "BAD":
                    self.problem("view", f"BAD: {text!r}")
                return status, said
            self.untagged(text, literals)

    def command(self, text, data=None):
        """data: a literal that ends it."""
        word = text.split()[0]
        self.holds = word in ("FETCH", "STORE", "SEARCH")
        self.bodies = {}
        parts = [text.encode()]
        if data is not None:
            parts += [b" {%d+}\r\n" % len(data), data]
        self.send(*parts)
        return self.finish()

    def select(self, folder):
        self.view, self.folder, self.last, self.uidnext = [], folder, 0, 0
        status, said = self.command("SELECT " + folder)
        if status != "OK":
            raise Ended(f"SELECT: {said!r}")

    def learn(self):
        """Ask for the UIDs of messages that are new in the view."""
        first = next((i for i, e in enumerate(self.view) if not e.uid), None)
        if first is None:
            return
        new = [e for e in self.view if not e.uid]
        self.command(f"FETCH {first + 1}:* (UID FLAGS)")
        for e in new:
            if e.uid and e.uid <= self.last and e not in self.behind:
                self.problem("uids", f"{self.folder}: UID {e.uid} appears "
                             f"after {self.last}")
        self.last = max([self.last] + [e.uid for e in new if e.uid])
        self.behind = {e for e in new if not e.uid}
        known = [e.uid for e in self.view if e.uid]
        if any(a >= b for a, b in zip(known, known[1:])):
            self.problem("uids", f"{self.folder}: UIDs do not rise: {known}")

    def idle(self, seconds):
        self.holds = False
        self.send(b"IDLE")
        text, literals = self.take()
        while not text.startswith(b"+"):
            self.untagged(text, literals)
            text, literals = self.take()
        until = time.monotonic() + seconds
        try:
            while (left := until - time.monotonic()) > 0:
                self.sock.settimeout(left)
                self.sock.recv(1, socket.MSG_PEEK)
                self.sock.settimeout(WAIT_S)
                self.untagged(*self.take())
        except TimeoutError:
            pass
        self.sock.settimeout(WAIT_S)
        self.sock.sendall(b"DONE\r\n")
        return self.finish()

    def logout(self):
        self.send(b"LOGOUT")
        while response(self.file):
            pass
        self.close()

    def close(self):
        self.file.close()
        self.sock.close()
        if code := self.end():
            self.problem("died", f"imapd ended with {code}")

    def end(self):
        """Wait for the program; its status."""
        try:
            return self.p.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.problem("died", "imapd does not end")
            self.p.kill()
            return self.p.wait()
