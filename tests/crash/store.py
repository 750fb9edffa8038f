# SPDX-License-Identifier: ISC
"""Scenarios over the store: one IMAP or POP3 session that changes ann's
Maildir.  What it was told is done must be there afterwards; of each message,
what it was not told is either done or not; UIDs keep their meaning."""
import io
import os
import re
import shutil
import sys
import time

from scenarios import Scenario
from world import TOKEN, Message

sys.path.append(os.path.join(os.path.dirname(__file__), "../race"))
from imap import FLAGS, UID, expand, flag_set, response  # noqa: E402

USER = "ann"
# What lies in the folder of a mailbox, but for folders below INBOX.
KNOWN = re.compile(r"cur|new|tmp|maildirfolder|subscriptions|dovecot-uidlist|"
                   r"dovecot-keywords|dovecot-uidvalidity(\.\w{8})?|"
                   r"yubin-[\w-]+|\.(dovecot-uidlist|dovecot-keywords|yubin-\w+)\.tmp")
PROBE = Message("probe", 1)
SOON_S = 15


def answers(out):
    """The responses that were written to the end."""
    f = io.BytesIO(out)
    while r := response(f):
        yield r


def tagged(out):
    """tag: OK, NO or BAD; what was said with it"""
    return {text.split(b" ")[0].decode(): text for text, _ in answers(out)
            if text[:1] not in b"*+"}


class Box:
    """What a session sees: UIDVALIDITY, UIDNEXT, and messages by UID."""

    def __init__(self):
        self.validity = self.next = 0
        self.mails = {}  # UID: token, flags


class Step:
    """A command, and where each message that it concerns is afterwards: pairs
    of a folder and its flags.  A mailbox is a message called "/NAME".
    to: the folder that APPENDUID and COPYUID are about; all: when it is
    refused nothing is done."""

    def __init__(self, text, after, to=None, all=False):
        self.text, self.after, self.to, self.all = text, after, to, all


def append(folder, flags, *messages):
    """MULTIAPPEND"""
    text = b"APPEND " + folder.encode()
    for m in messages:
        text += b" (%s) {%d+}\r\n%s" % (flags.encode(), len(m.text), m.text)
    return text


def at(folder, flags=""):
    return folder, flag_set(flags.encode())


class Store(Scenario):
    """An IMAP session.  full: what is in its folders before; late: in INBOX,
    but never seen by any session."""
    limits = range(3, 13)
    only = "imapd"
    select = None
    full = {}
    late = ()
    steps = ()

    def __init__(self):
        tokens = [t for mails in self.full.values() for t, _ in mails]
        tokens += self.late
        self.messages = {t: Message(t, 3) for t in tokens}
        self.messages.update((m.token, m) for m in self.new)

    new = ()  # messages that are appended

    # -------------------------------------------------------------- sessions

    @staticmethod
    def session(w, program, text, **how):
        w.env["MAILDIR"] = w.box(USER)
        run = w.run([w.bin + program], text, **how)
        del w.env["MAILDIR"]
        return run

    def imap(self, w, *commands, **how):
        text = b"".join(b"t%d %s\r\n" % (i, c) for i, c in
                        enumerate((*commands, b"LOGOUT")))
        return self.session(w, "imapd", text, **how)

    def dump(self, w):
        """What a new session sees; None when it does not work."""
        run = self.imap(w, b'LIST "" *')
        boxes = {m[1].decode(): Box() for text, _ in answers(run.out)
                 if b"\\Noselect" not in text and
                 (m := re.match(rb'\* LIST \([^)]*\) "\." "?([^"\r]+)', text))}
        failed = run if run.code else None
        for name, box in boxes.items():
            run = self.imap(w, b"SELECT " + name.encode(),
                            b"FETCH 1:* (UID FLAGS BODY.PEEK[])"
                            if self.any(w, name) else b"NOOP")
            self.fill_box(box, run.out)
            if run.code or len(tagged(run.out)) != 3 or \
                    b" NO " in run.out or b" BAD " in run.out:
                failed = run
        if failed:
            w.problem("lost", "the next session fails: "
                      f"{failed.out[-300:]} {failed.log[-300:]}")
        return boxes

    @staticmethod
    def any(w, name):
        here = w.box(USER) + ("" if name == "INBOX" else "/." + name)
        return any(os.listdir(f"{here}/{sub}") for sub in ("cur", "new"))

    @staticmethod
    def fill_box(box, out):
        for text, literals in answers(out):
            if m := re.match(rb"\* OK \[(UIDVALIDITY|UIDNEXT) (\d+)\]", text):
                setattr(box, m[1][3:].lower().decode(), int(m[2]))
            elif literals:
                token = TOKEN.search(literals[0].replace(b"\r", b""))
                box.mails[int(UID.search(text)[1])] = (
                    token and token[1].decode(),
                    flag_set(FLAGS.search(text)[1]))

    @staticmethod
    def places(boxes):
        """token: where it is, sorted"""
        found = {"/" + name: [(name, frozenset())] for name in boxes}
        for name, box in boxes.items():
            for token, flags in box.mails.values():
                found.setdefault(token, []).append((name, flags))
        return {t: sorted(p, key=repr) for t, p in found.items()}

    # ------------------------------------------------------------ begin, act

    def prepare(self, w):
        for folder, mails in self.full.items():
            commands = [b"CREATE " + folder.encode()]
            for token, flags in mails:
                commands.append(append(folder, flags, self.messages[token]))
            self.imap(w, *commands)
        self.before = self.dump(w)
        self.was = self.places(self.before)
        for i, token in enumerate(self.late):
            with open(f"{w.box(USER)}/new/17000000{i}.M1P{i}.x", "wb") as f:
                f.write(self.messages[token].lf)
            self.was[token] = [("INBOX", frozenset())]

    def commands(self):
        first = [Step(b"SELECT " + self.select.encode(), {})] \
            if self.select else []
        return [*first, *self.steps]

    def act(self, w, **how):
        return self.imap(w, *(s.text for s in self.commands()), **how)

    def complete(self, run):
        said = tagged(run.out)
        return all(said.get(f"t{i}", b"").split(b" ")[1:2] == [b"OK"]
                   for i in range(len(self.commands())))

    # --------------------------------------------------------------- judging

    def after(self, w, run):
        self.tidy(w, run)
        w.now = self.dump(w)
        self.distrust(w)
        self.go_on(w)
        self.look_around(w)

    def distrust(self, w):
        """Without the indexes, all is as they told."""
        for path in w.files("mail"):
            if os.path.basename(path) == "yubin-index":
                os.unlink(path)
        told, true = self.places(w.now), self.places(self.dump(w))
        if told != true:
            w.problem("false", f"an index told {told}, not {true}")

    def go_on(self, w):
        """Everything works then, without waiting: it takes all locks, and what
        it writes has new UIDs."""
        start = time.monotonic()
        run = self.imap(
            w, *(append(name, "$Probe", PROBE) for name in w.now),
            b"CREATE Probe", b"SUBSCRIBE Probe", b"RENAME Probe Probe2",
            b"DELETE Probe2", b"UNSUBSCRIBE Probe")
        said = tagged(run.out)
        for i, (name, box) in enumerate(w.now.items()):
            m = re.search(rb"\[APPENDUID (\d+) (\d+)\]",
                          said.get(f"t{i}", b""))
            if not m or int(m[1]) != box.validity or int(m[2]) < box.next:
                w.problem("false", f"then APPEND to {name} says {said}")
        if len(re.findall(rb"^t\d+ OK", run.out, re.M)) != len(w.now) + 6:
            w.problem("lost", f"then a session says {run.out[-300:]}")
        if time.monotonic() - start > SOON_S:
            w.problem("late", "the session after it")
        for path in w.files("mail"):
            with open(path, "rb") as f:
                if f.read(14) == PROBE.lf[:14]:
                    os.unlink(path)

    def judge(self, w, run):
        w.found.clear()
        said = tagged(run.out)
        now = self.places(w.now)
        allowed = {}
        for i, step in enumerate(self.commands()):
            status = said.get(f"t{i}", b"? ?").split(b" ")[1]
            for token, after in step.after.items():
                before = self.was.get(token, [])
                allowed[token] = (
                    [after] if status == b"OK" else
                    [before] if status == b"NO" and step.all else
                    [before, after])
            self.told(w, step, said.get(f"t{i}", b""))
        for token in {*self.was, *now, *allowed}:
            right = allowed.get(token, [self.was.get(token, [])])
            self.compare(w, token, now.get(token, []), right)
        self.identities(w)

    @staticmethod
    def compare(w, token, here, right):
        if here in [sorted(r, key=repr) for r in right]:
            return
        kind = "lost" if len(here) < min(map(len, right)) else \
            "twice" if len(here) > max(map(len, right)) else "false"
        w.problem(kind, f"{token} is {here}, not {right}")

    def told(self, w, step, text):
        """UIDs that were told must be those."""
        m = re.search(rb"\[(?:APPENDUID (\d+)|COPYUID (\d+) \S+) (\S+)\]",
                      text)
        if not m or step.to not in w.now:
            return
        box = w.now[step.to]
        if int(m[1] or m[2]) != box.validity:
            w.problem("false", f"UIDVALIDITY {m[0]} is {box.validity}")
        for uid in expand(m[3]):
            if uid not in box.mails or uid >= box.next:
                w.problem("false", f"UID {uid} was told, next {box.next}")

    def identities(self, w):
        for name, old in self.before.items():
            box = w.now.get(self.named(w, name))
            if not box:
                continue
            if box.validity != old.validity:
                w.problem("false", f"UIDVALIDITY of {name} was "
                          f"{old.validity}, is {box.validity}")
            if box.next < old.next:
                w.problem("false", f"UIDNEXT of {name} was {old.next}, is "
                          f"{box.next}")
            for uid in old.mails.keys() & box.mails.keys():
                if old.mails[uid][0] != box.mails[uid][0]:
                    w.problem("false", f"UID {uid} of {name} was "
                              f"{old.mails[uid]}, is {box.mails[uid]}")
            for uid, (token, _) in box.mails.items():
                if uid < old.next and uid not in old.mails:
                    w.problem("false", f"UID {uid} of {name} is used again")

    def named(self, w, name):
        """What the mailbox is called now."""
        return name

    def tidy(self, w, run):
        """What may be left in tmp/ for 36 hours when a program died, or could
        not remove it, is removed by hand; nothing else may be left."""
        left = [p for p in w.files("mail") if "/tmp/" in p[len(w.root):]]
        may = run.code != 0 or any(
            line[0] == "hit" and line[2].startswith("unlink")
            for line in run.report)
        if left and not may or len(left) > len(self.messages):
            w.problem("leftover", f"{len(left)} files in tmp")
        for path in left:
            os.unlink(path)
        if not self.complete(run):
            # Removed an hour later.
            for name in os.listdir(w.box(USER)):
                if name.startswith("..new."):
                    shutil.rmtree(f"{w.box(USER)}/{name}")

    def look_around(self, w):
        """Names that nobody knows, after the next session."""
        for here, dirs, files in os.walk(w.box(USER)):
            if os.path.basename(here) in ("cur", "new", "tmp"):
                continue
            for name in dirs + files:
                if not KNOWN.fullmatch(name) and not (
                        name in dirs and re.match(r"\.[^.]", name)):
                    w.problem("leftover", f"{here}/{name}")


def mails(folder, *tokens, flags=""):
    return {folder: [(t, flags) for t in tokens]}


class Append(Store):
    """Two messages at once, and a large one elsewhere."""
    name = "imap-append"
    full = {**mails("INBOX", "old"), **mails("Other", "far")}
    one, two, big = (Message(t, n) for t, n in
                     (("one", 3), ("two", 40), ("big", 4000)))
    new = (one, two, big)
    steps = (Step(append("INBOX", r"\Seen $Word", one, two),
                  {t: [at("INBOX", r"\Seen $Word")] for t in ("one", "two")},
                  "INBOX", True),
             Step(append("Other", "", big), {"big": [at("Other")]}, "Other",
                  True))


class Copy(Store):
    name = "imap-copy"
    full = {**mails("INBOX", "one", "two", "three", flags=r"\Flagged $Word"),
            **mails("Other", "far")}
    select = "INBOX"
    steps = (Step(b"COPY 1:2 Other", {
        t: [at("INBOX", r"\Flagged $Word"), at("Other", r"\Flagged $Word")]
        for t in ("one", "two")}, "Other", True),
        Step(b"COPY 3 INBOX", {"three": [at("INBOX", r"\Flagged $Word")] * 2},
             "INBOX", True))


class Move(Store):
    name = "imap-move"
    full = {**mails("INBOX", "one", "two", "three", flags=r"\Flagged $Word"),
            **mails("Other", "far")}
    select = "INBOX"
    steps = (Step(b"MOVE 1:2 Other", {
        t: [at("Other", r"\Flagged $Word")] for t in ("one", "two")}, "Other"),
        Step(b"MOVE 1 INBOX", {"three": [at("INBOX", r"\Flagged $Word")]},
             "INBOX"))


class StoreFlags(Store):
    name = "imap-store"
    full = mails("INBOX", "one", "two", "three", flags=r"\Flagged $Word")
    select = "INBOX"
    steps = (Step(rb"STORE 1:2 +FLAGS (\Seen $New)", {
        t: [at("INBOX", r"\Flagged \Seen $Word $New")]
        for t in ("one", "two")}),
        Step(b"STORE 3 -FLAGS.SILENT ($Word)",
             {"three": [at("INBOX", r"\Flagged")]}))


class Expunge(Store):
    name = "imap-expunge"
    full = {"INBOX": [("one", r"\Deleted"), ("two", ""),
                      ("three", r"\Deleted"), ("four", r"\Deleted")]}
    select = "INBOX"
    steps = (Step(b"UID EXPUNGE 1", {"one": []}),
             Step(b"EXPUNGE", {"three": [], "four": []}))


class Folders(Store):
    """CREATE, RENAME with a child, DELETE of a full mailbox."""
    name = "imap-folders"
    full = {**mails("Up", "one"), **mails("Up.Down", "two"),
            **mails("Old", "three")}
    steps = (Step(b"CREATE New", {"/New": [at("New")]}),
             Step(b"RENAME Up Left", {
                 "/Up": [], "/Up.Down": [], "/Left": [at("Left")],
                 "/Left.Down": [at("Left.Down")], "one": [at("Left")],
                 "two": [at("Left.Down")]}),
             Step(b"DELETE Old", {"/Old": [], "three": []}))

    def named(self, w, name):
        new = re.sub(r"^Up", "Left", name)
        return new if new in w.now else name


class Renumber(Store):
    """Messages that no session has seen: UIDs, and the index."""
    name = "imap-new"
    full = mails("INBOX", "one")
    late = ("two", "three")
    steps = (Step(b"SELECT INBOX", {}), Step(b"STATUS INBOX (UIDNEXT)", {}))


class First(Renumber):
    """No session has ever been here."""
    name = "imap-first"
    full = {}

    def prepare(self, w):
        super().prepare(w)
        self.before = {}
        for path in os.listdir(w.box(USER)):
            if path not in ("cur", "new", "tmp"):
                os.unlink(f"{w.box(USER)}/{path}")


class Shrink(Renumber):
    """The UID list is written anew: most of its messages are gone."""
    name = "imap-shrink"

    def prepare(self, w):
        super().prepare(w)
        path = w.box(USER) + "/dovecot-uidlist"
        with open(path, "a") as f:
            f.writelines(f"{n} :gone{n}\n" for n in range(2, 100))


class Quit(Store):
    """POP3: what QUIT says is removed is."""
    name = "pop3-quit"
    only = "pop3d"
    full = mails("INBOX", "one", "two", "three", "four")
    gone = ("one", "three", "four")

    def act(self, w, **how):
        return self.session(w, "pop3d", b"DELE 1\r\nDELE 3\r\nDELE 4\r\n"
                            b"RETR 2\r\nQUIT\r\n", **how)

    def complete(self, run):
        return run.out.endswith(b"+OK Goodbye\r\n") and \
            b"-ERR" not in run.out

    def commands(self):
        return ()

    def judge(self, w, run):
        w.found.clear()
        now = self.places(w.now)
        for token in self.messages:
            # RETR sets \Seen.
            here = [folder for folder, _ in now.get(token, [])]
            right = [["INBOX"]] if token not in self.gone else \
                [[]] if self.complete(run) else [["INBOX"], []]
            self.compare(w, token, here, right)
        self.identities(w)


ALL = [s() for s in (Append, Copy, Move, StoreFlags, Expunge, Folders,
                     Renumber, First, Shrink, Quit)]
