# SPDX-License-Identifier: ISC
"""Who works on the Maildir: deliverers, IMAP and POP3 sessions, and a shell
that knows nothing of them."""
import collections
import os
import random
import re
import socket
import subprocess
import time
import traceback

import message
from imap import Ended, Imap, expand, uid_set

FOLDERS = ("INBOX", "Other", "Work")
FLAGS = (r"\Seen", r"\Flagged", r"\Answered", r"\Draft", "$One", "$Two")
MANY = 300  # messages at which deliverers rest
FEW = 100  # below it nothing is removed
# An index may be trusted for so long though a foreign program has made a change
# in the same tick as we (64 times what reading the folder takes).
AGREE_S = 20
TRIES = 100  # of 20 ms: a message that is being copied becomes whole
KEPT = re.compile(r"lock|tmp|rename|special-use")  # these are no caches
DIGITS = "0123456789abcdefghijklmnopqrstuv"


class Worker:
    """One process.  shared: see race.py; what it knows goes to the log."""

    def __init__(self, shared, name):
        self.shared, self.name = shared, name
        self.chance = random.Random(f"{shared.seed} {name}")
        self.count = collections.Counter()
        self.made = 0

    def log(self, *words):
        self.shared.log(*words)

    def problem(self, kind, text):
        self.log("problem", kind, f"{self.name}: {text}")

    def busy(self):
        return time.monotonic() < self.shared.until

    def some(self, things, most):
        things = list(things)
        return self.chance.sample(things, min(len(things),
                                              self.chance.randint(1, most)))

    def new_id(self):
        self.made += 1
        ident = f"{self.name}-{self.made}"
        self.log("made", ident)
        return ident

    def run(self):
        try:
            self.work()
        except Exception as e:  # nobody may wait for us
            self.problem("died", f"{e!r} {traceback.format_tb(e.__traceback__)[-3:]}")
            self.shared.barrier.abort()
        for what, n in self.count.items():
            self.log("count", what, n)


class Deliverer(Worker):
    def work(self):
        while self.busy():
            if self.shared.population() > MANY:
                time.sleep(0.05)
                continue
            self.deliver(self.new_id())
            time.sleep(self.chance.uniform(0, 0.4))

    def deliver(self, ident):
        number = "".join(self.chance.choice(DIGITS) for _ in range(21))
        r = subprocess.run(
            [self.shared.bin + "deliver-local", "-i", number, "-n", "0", "-f",
             "a@example.test", "ann@example.test"],
            input=message.text(ident).replace(b"\n", b"\r\n"),
            stdout=subprocess.PIPE, stderr=self.shared.errors)
        if not r.stdout.startswith(b"K"):
            self.problem("lost", f"delivery of {ident}: {r.stdout!r}")
        self.count["delivered"] += 1


class Session(Worker):
    """An IMAP client.  It knows what it has read: UIDs mean the same message
    for ever."""

    def work(self):
        self.known = collections.defaultdict(dict)  # folder: UID: id
        self.box = self.connect()
        while self.busy():
            self.select(self.chance.choice(FOLDERS))
            for _ in range(self.chance.randint(5, 60)):
                if not self.busy():
                    break
                self.act()
            if self.chance.random() < 0.2:
                self.box.logout()
                self.box = self.connect()
        if not self.box.folder:
            self.select("INBOX")
        self.settle()
        self.box.logout()

    def connect(self):
        return Imap(self.shared.bin + "imapd", self.shared.env,
                    self.shared.errors, self.problem)

    def command(self, text, data=None):
        self.count["commands"] += 1
        status, said = self.box.command(text, data)
        if status == "NO" and b"[EXPUNGEISSUED]" not in said:
            self.problem("failed", f"{text[:60]}: {said[-200:]!r}")
        self.read_new()
        return status, said

    def select(self, folder):
        self.count["selects"] += 1
        if self.chance.random() < 0.1:
            self.known[folder].clear()
        before = self.shared.highest(folder)
        self.box.select(folder)
        self.check_next(folder, before, self.box.uidnext,
                        self.box.uidvalidity)
        self.read_new()

    def check_next(self, folder, before, uidnext, uidvalidity):
        self.shared.check_uidvalidity(self, folder, uidvalidity)
        if uidnext <= before:
            self.problem("uids", f"{folder}: UIDNEXT {uidnext}, but {before} "
                         "was known")

    # -------------------------------------------------------------- reading

    def read_new(self):
        """Read the messages that the view has and we do not know."""
        box, known = self.box, self.known[self.box.folder]
        box.learn()
        for _ in range(TRIES):
            want = {e.uid for e in box.view if e.uid and e.uid not in known}
            if not want:
                return
            for uid, (text, size) in self.fetch(want).items():
                ident = message.whole(text)
                if ident:
                    self.learn(uid, ident)
            box.learn()
            if self.unknown():
                time.sleep(0.02)
        self.problem("torn", f"{box.folder}: UIDs {self.unknown()}")
        known.update(dict.fromkeys(self.unknown()))

    def unknown(self):
        return [e.uid for e in self.box.view
                if e.uid and e.uid not in self.known[self.box.folder]]

    def fetch(self, uids):
        self.box.command(f"UID FETCH {uid_set(uids)} "
                         "(RFC822.SIZE BODY.PEEK[])")
        return self.box.bodies

    def learn(self, uid, ident):
        self.known[self.box.folder][uid] = ident
        self.shared.rise(self.box.folder, uid)
        self.log("uid", self.box.folder, uid, ident)

    def present(self):
        """UIDs whose messages we know."""
        known = self.known[self.box.folder]
        return {e.uid: known[e.uid] for e in self.box.view
                if e.uid and known.get(e.uid)}

    # --------------------------------------------------------------- acting

    def act(self):
        self.chance.choices(
            (self.store, self.noop, self.copy, self.move, self.expunge,
             self.append, self.fetch_all, self.search, self.idle, self.status),
            (30, 8, 6, 8, 8, 6, 6, 5, 3, 3))[0]()

    def store(self):
        uids = self.some(self.present(), 12)
        flags = set(self.some(FLAGS, 2))
        sign = self.chance.choice(("+", "-", "+", "-", ""))
        silent = self.chance.random() < 0.4
        if not uids:
            return
        if silent:
            self.assume(uids, sign, flags)
        status, _ = self.command(
            f"UID STORE {uid_set(uids)} {sign}FLAGS"
            f"{'.SILENT' * silent} ({' '.join(flags)})")
        if status != "OK":
            self.problem("failed", "UID STORE")
        self.count["stored"] += len(uids)

    def assume(self, uids, sign, flags):
        for e in self.box.view:
            if e.uid in uids and e.flags is not None:
                e.flags = {"+": e.flags | flags, "-": e.flags - flags,
                           "": frozenset(flags)}[sign]

    def noop(self):
        self.command(self.chance.choice(("NOOP", "CHECK")))

    def copied(self, folder, said, asked, count):
        """Take note of COPYUID."""
        m = re.search(rb"\[COPYUID (\d+) (\S+) (\S+)\]", said)
        if not m:
            return {}
        self.shared.check_uidvalidity(self, folder, int(m[1]))
        pairs = dict(zip(expand(m[2]), expand(m[3])))
        if not set(pairs) <= set(asked) or \
                sorted(pairs.values()) != list(pairs.values()):
            self.problem("uids", f"COPYUID {m[0]} for {asked}")
        for old, new in pairs.items():
            if old in asked:
                self.log("uid", folder, new, asked[old])
                self.log(count, asked[old])
        return pairs

    def copy(self):
        present = self.present()
        if not present or self.shared.population() > MANY:
            return
        asked = {u: present[u] for u in self.some(present, 4)}
        folder = self.chance.choice(FOLDERS)
        before = self.shared.highest(folder)
        status, said = self.command(f"UID COPY {uid_set(asked)} {folder}")
        pairs = self.copied(folder, said, asked, "copy")
        self.shared.check_rise(self, folder, before, pairs.values())
        if status == "NO" and pairs:
            self.problem("doubled", "COPYUID with NO")
        self.count["copied"] += len(pairs)

    def move(self):
        present = self.present()
        if not present:
            return
        asked = {u: present[u] for u in self.some(present, 8)}
        folder = self.chance.choice(FOLDERS)
        before = self.shared.highest(folder)
        status, said = self.command(f"UID MOVE {uid_set(asked)} {folder}")
        pairs = self.copied(folder, said, asked, "moved")
        self.shared.check_rise(self, folder, before, pairs.values())
        if status == "OK":
            self.check_left(asked)
        self.count["moved"] += len(pairs)

    def check_left(self, asked):
        """What was moved is gone when MOVE is done (RFC 6851 3.3)."""
        if left := {e.uid for e in self.box.view} & set(asked):
            self.problem("view", f"moved from {self.box.folder}, but still "
                         f"there: {left}")

    def expunge(self):
        present = self.present()
        uids = [u for u in self.some(present, 6) if message.mortal(present[u])]
        if not uids or self.shared.population() < FEW:
            return
        for u in uids:
            self.log("condemned", present[u])
        self.assume(uids, "+", {r"\Deleted"})
        self.command(f"UID STORE {uid_set(uids)} +FLAGS.SILENT (\\Deleted)")
        n = len(self.box.view)
        if self.chance.random() < 0.1:
            self.command("CLOSE")
            self.box.view = []
            self.select(self.chance.choice(FOLDERS))
            return
        self.command(self.chance.choice(
            ("EXPUNGE", f"UID EXPUNGE {uid_set(uids)}")))
        self.count["expunged"] += max(0, n - len(self.box.view))

    def append(self):
        if self.shared.population() > MANY:
            return
        ident, folder = self.new_id(), self.chance.choice(FOLDERS)
        flags = " ".join(self.some(FLAGS, 3))
        before = self.shared.highest(folder)
        _, said = self.command(f"APPEND {folder} ({flags})",
                               message.text(ident).replace(b"\n", b"\r\n"))
        m = re.search(rb"\[APPENDUID (\d+) (\d+)\]", said)
        if not m:
            self.problem("lost", f"APPEND of {ident}: {said!r}")
            return
        self.shared.check_uidvalidity(self, folder, int(m[1]))
        self.shared.check_rise(self, folder, before, [int(m[2])])
        self.log("uid", folder, int(m[2]), ident)
        self.count["appended"] += 1

    def fetch_all(self):
        if self.box.view:
            self.command("FETCH 1:* (UID FLAGS)")

    def search(self):
        """Numbers that SEARCH finds are of this view."""
        n = len(self.box.view)
        self.command(self.chance.choice(("SEARCH FLAGGED", "SEARCH UNSEEN",
                                         "SEARCH NOT KEYWORD $One")))
        if any(not 1 <= i <= n for i in self.box.found):
            self.problem("view", f"SEARCH finds {self.box.found} of {n}")

    def idle(self):
        self.box.idle(self.chance.uniform(0, 0.5))
        self.read_new()

    def status(self):
        folder = self.chance.choice(FOLDERS)
        before = self.shared.highest(folder)
        _, said = self.command(f"STATUS {folder} (UIDNEXT UIDVALIDITY)")
        m = re.search(rb"\* STATUS .*UIDNEXT (\d+) UIDVALIDITY (\d+)", said)
        self.check_next(folder, before, int(m[1]), int(m[2]))

    # --------------------------------------------------------------- the end

    def settle(self):
        """When all stand still: what this client believes is true."""
        self.shared.barrier.wait(120)
        start = time.monotonic()
        while time.monotonic() - start < AGREE_S:
            time.sleep(0.2)
            self.command("NOOP")
            present = self.present()
            here = collections.Counter(
                (present[e.uid], e.flags) for e in self.box.view
                if e.uid in present)
            if here == self.shared.disk(self.box.folder):
                break
        self.log("agreed", int((time.monotonic() - start) * 1000))
        believed = {e.uid: e.flags for e in self.box.view}
        if len(believed) < len(self.box.view):
            self.problem("view", "messages without a UID in the end")
        self.box.command("FETCH 1:* (UID FLAGS)")
        true = {e.uid: e.flags for e in self.box.view}
        for uid in set(believed) | set(true):
            if believed.get(uid) != true.get(uid):
                self.problem("view", f"{self.box.folder}: UID {uid} believed "
                             f"{believed.get(uid)}, is {true.get(uid)}")
        for uid, flags in true.items():
            self.log("final", self.box.folder, uid,
                     "?" if flags is None else ",".join(sorted(flags)))
        self.log("view", self.box.folder, len(true))


class Pop(Worker):
    """POP3: maildrops of the INBOX, in many short sessions."""

    def work(self):
        self.known = {}
        while self.busy():
            self.session()
            time.sleep(self.chance.uniform(0, 1))

    def say(self, text):
        self.sock.sendall(text.encode() + b"\r\n")
        return self.line()

    def line(self):
        try:
            line = self.file.readline()
        except OSError as e:
            raise Ended(f"pop3d: {e}") from e
        if not line.endswith(b"\r\n"):
            raise Ended("pop3d")
        return line

    def lines(self):
        out = []
        while (line := self.line()) != b".\r\n":
            out.append(line[1:] if line[:1] == b"." else line)
        return out

    def session(self):
        self.sock, theirs = socket.socketpair()
        p = subprocess.Popen([self.shared.bin + "pop3d"], stdin=theirs,
                             stdout=theirs, stderr=self.shared.errors,
                             env=self.shared.env)
        theirs.close()
        self.sock.settimeout(60)
        with self.sock, self.sock.makefile("rb") as self.file:
            self.line()
            self.read_all()
            if not self.say("QUIT").startswith(b"+OK"):
                self.problem("failed", "QUIT")
        if p.wait(60):
            self.problem("died", "pop3d")

    def read_all(self):
        if not self.say("UIDL").startswith(b"+OK"):
            self.problem("failed", "UIDL")
            return
        drop = dict(line.split() for line in self.lines())
        if len(set(drop.values())) < len(drop):
            self.problem("uids", "POP3 unique-ids are not unique")
        for n, uidl in drop.items():
            if uidl not in self.known or self.chance.random() < 0.02:
                self.retrieve(n.decode(), uidl)
            ident = self.known.get(uidl)
            if ident and message.mortal(ident) and \
                    self.shared.population() > FEW and \
                    self.chance.random() < 0.02:
                self.log("condemned", ident)
                if self.say("DELE " + n.decode()).startswith(b"+OK"):
                    self.count["pop3"] += 1

    def retrieve(self, n, uidl):
        if not self.say("RETR " + n).startswith(b"+OK"):
            return  # another session has removed it
        ident = message.whole(b"".join(self.lines()))
        if ident:  # else it is being copied
            self.known[uidl] = ident
            self.log("uid", "uidl", uidl.decode(), ident)


class Shell(Worker):
    """Someone with a shell: rm, mv, cp, rsync, and caches that vanish."""

    def work(self):
        self.moved = set()  # base names that were in another folder, too
        self.n = 0
        while self.busy():
            files = self.files()
            self.shared.set_population(len(files))
            for _ in range(20):
                if files and self.busy():
                    self.act(files)
                time.sleep(self.chance.uniform(0, 0.01))

    def act(self, files):
        path = self.chance.choice(files)
        self.chance.choices(
            (self.rm, self.mv, self.see, self.flag, self.cp, self.rsync,
             self.uncache), (4, 6, 6, 10, 3, 1, 3))[0](path)

    def files(self):
        return [f"{self.shared.dir(f)}/{sub}/{name}" for f in FOLDERS
                for sub in ("new", "cur")
                for name in os.listdir(f"{self.shared.dir(f)}/{sub}")
                if name[0] != "."]

    def do(self, *argv):
        """Whether it was done: what others have just renamed is not there."""
        done = subprocess.run(argv, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0
        self.count["shell"] += done
        return done

    @staticmethod
    def ident(path):
        try:
            with open(path, "rb") as f:
                return message.whole(f.read())
        except OSError:
            return None

    def parts(self, path):
        """folder, base name, flags"""
        folder, _, name = path.rsplit("/", 2)
        base, _, flags = name.partition(":2,")
        return folder, base, flags

    def new_name(self, path):
        """Another unique name; with the sizes that stand in the old one, or
        without."""
        self.n += 1
        _, base, flags = self.parts(path)
        sizes = base[base.find(","):] if "," in base else ""
        if self.chance.random() < 0.5:
            sizes = ""
        return f"{int(time.time())}.{self.name}{self.n}.host{sizes}:2,{flags}"

    def elsewhere(self, folder):
        return self.chance.choice([self.shared.dir(f) for f in FOLDERS
                                   if self.shared.dir(f) != folder])

    def rm(self, path):
        ident = self.ident(path)
        if ident and self.shared.population() > FEW and self.do("rm", path):
            self.log("removed", ident)

    def mv(self, path):
        folder, base, _ = self.parts(path)
        if base in self.moved:
            return
        sub, name = path.split("/")[-2:]
        if self.do("mv", path, f"{self.elsewhere(folder)}/{sub}/{name}"):
            self.moved.add(base)

    def see(self, path):
        """As a mail program does."""
        folder, base, _ = self.parts(path)
        if "/new/" in path:
            self.do("mv", path, f"{folder}/cur/{base}:2,S")

    def flag(self, path):
        folder, base, flags = self.parts(path)
        flags = "".join(sorted(set(flags) ^ {self.chance.choice("FRSDa")}))
        if "/cur/" in path:
            self.do("mv", path, f"{folder}/cur/{base}:2,{flags}")

    def cp(self, path):
        folder, base, _ = self.parts(path)
        ident = self.ident(path)
        to = f"{self.chance.choice((folder, self.elsewhere(folder)))}/cur/"
        if self.chance.random() < 0.3 and base not in self.moved:
            self.moved.add(base)
            to = f"{self.elsewhere(folder)}/{path.split('/')[-2]}/" \
                 f"{path.split('/')[-1]}"
        else:
            to += self.new_name(path)
        if ident and self.shared.population() < MANY and \
                self.do("cp", path, to):
            self.log("copy", ident)

    def rsync(self, path):
        """Some messages come back from a backup."""
        stage = self.shared.base + "/stage"
        os.makedirs(stage)
        ident = self.ident(path)
        copies = [f"{stage}/{self.new_name(path)}" for _ in range(3)]
        octets = b""
        try:
            with open(path, "rb") as f:
                octets = f.read()
        except FileNotFoundError:
            pass  # it has another name by now
        if ident and message.whole(octets) == ident:
            for copy in copies:
                with open(copy, "wb") as f:
                    f.write(octets)
            to = self.shared.dir(self.chance.choice(FOLDERS))
            if self.do("rsync", "-a", stage + "/", to + "/cur/"):
                for _ in copies:
                    self.log("copy", ident)
            else:
                self.problem("failed", "rsync")
        self.do("rm", "-r", stage)

    def uncache(self, _):
        """Caches are removed, or filled with something else."""
        places = [self.shared.dir(f) for f in FOLDERS]
        places += [d for d, _, _ in os.walk(self.shared.cache)]
        caches = [f"{d}/{n}" for d in places for n in os.listdir(d)
                  if n.startswith("yubin-") and not KEPT.search(n)]
        for path in self.some(caches, 2) if caches else ():
            if self.chance.random() < 0.3:
                with open(self.shared.base + "/garbage", "wb") as f:
                    f.write(self.chance.randbytes(
                        self.chance.choice((0, 10, 5000))))
                self.do("mv", self.shared.base + "/garbage", path)
            else:
                self.do("rm", path)
            self.count["caches"] += 1
