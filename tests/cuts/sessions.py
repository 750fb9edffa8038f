# SPDX-License-Identifier: ISC
"""The sessions that are cut, and what must be there afterwards."""
import base64
import glob
import os
import re
import shutil
import subprocess

from peer import Script

DOMAIN = "example.test"
FREE = b"yubin-queue free".ljust(127) + b"\n"
HEADER = re.compile(rb"yubin-queue 1 .*\bbody=([0-9a-f]{16}) ")


def message(name, lines=3):
    text = f"X-Name: {name}\r\nSubject: {name}\r\n\r\n"
    return (text + "".join(f"{'.' * (i % 2)}line {i} of {name}\r\n"
                           for i in range(lines))).encode()


def dotted(text):
    return re.sub(rb"^\.", b"..", text, flags=re.M) + b".\r\n"


# ---------------------------------------------------------------------- SMTP

class Smtp:
    """Two messages; the commands of each in one packet."""
    # stay: how many processes a worker has when no session is left.
    program, mode, stay = ("smtpd",), "starttls", 0
    login = b""
    messages = {n: message(n) for n in ("one", "two")}
    fields = rb"Received: from client .*\r\n(?:\t.*\r\n)+"

    def __init__(self):
        self.script = self.talk(Script())

    def greet(self, s):
        if self.mode == "tls":
            s.tls()
        s.want(b"220 ").send(b"EHLO client\r\n").want(b"250 ")

    def talk(self, s):
        self.greet(s)
        if self.login:
            s.send(self.login).want(b"235 ")
        for name, text in self.messages.items():
            s.send(f"MAIL FROM:<ann@{DOMAIN}>\r\nRCPT TO:<ann@{DOMAIN}>\r\n"
                   f"RCPT TO:<bob@{DOMAIN}>\r\nDATA\r\n".encode())
            s.want(b"250 ", b"250 ", b"250 ", b"354 ")
            s.send(dotted(text)).need(name)
            s.want(b"250 2.0.0 Ok ").ack(name)
        return s.send(b"QUIT\r\n").want(b"221 ")

    def prepare(self, w):
        w.run("queue-runner", "--once")  # makes the slots

    def reset(self, w):
        """In place: a worker may reach only the folder that it has seen."""
        for path in glob.glob(w.root + "/queue/new/*/*"):
            os.unlink(path)
        for path in glob.glob(w.root + "/queue/slot/0*"):
            with open(path, "r+b") as f:
                f.write(FREE)

    def found(self, w):
        """The names of what was accepted; problems for what is not whole."""
        out = set()
        for path in glob.glob(w.root + "/queue/new/*/*") + \
                glob.glob(w.root + "/queue/slot/0*"):
            with open(path, "rb") as f:
                data = f.read()
            if data.startswith(FREE):
                continue
            if name := self.name(w, data):
                if name in out:
                    w.problem("twice", name)
                out.add(name)
        for left in "tmp", "bad", "hold":
            if os.listdir(f"{w.root}/queue/{left}"):
                w.problem("leftover", "in queue/" + left)
        return out

    def name(self, w, data):
        size = int(HEADER.match(data.lstrip())[1], 16)
        at = data.index(b"Received: from client ")
        text = data[at:at + size]
        for name, sent in self.messages.items():
            if text.endswith(sent) and \
                    re.fullmatch(self.fields, text[:-len(sent)]):
                return name
        w.problem("torn", f"{len(text)} octets")
        return None


class Worker(Smtp):
    program, stay = ("smtpd", "-w"), 2


class Submission(Smtp):
    program = "smtpd", "checkpw"
    login = b"AUTH PLAIN " + base64.b64encode(
        f"\0ann@{DOMAIN}\0secret".encode()) + b"\r\n"
    # Nothing has to be added to these (RFC 6409 8).
    messages = {n: f"From: ann@{DOMAIN}\r\nMessage-ID: <{n}@{DOMAIN}>\r\n"
                "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n".encode() +
                message(n) for n in ("one", "two")}


class Starttls(Smtp):
    def greet(self, s):
        super().greet(s)
        s.send(b"STARTTLS\r\n").want(b"220 ").tls()
        s.send(b"EHLO client\r\n").want(b"250 ")


class Smtps(Smtp):
    mode = "tls"


class Large(Smtp):
    """More than a slot holds: a file of its own."""
    messages = {"large": message("large", 4000)}


# -------------------------------------------------------------------- stores

class Store:
    """What sessions of Maildirs share: five messages in the INBOX."""
    names = [f"old{i}" for i in range(5)]
    prefixes = ("mail",)

    def __init__(self):
        self.script = self.talk(Script())

    def prepare(self, w):
        box = f"{w.root}/mail/{DOMAIN}/ann"
        for i, name in enumerate(self.names):
            with open(f"{box}/cur/170000000{i}.M1P1.host:2,", "wb") as f:
                f.write(message(name).replace(b"\r\n", b"\n"))
        w.own()
        w.save("mail")

    def reset(self, w):
        w.restore("mail")

    def look(self, w, folder=""):
        """{name: flags} of a folder; problems for what is not whole."""
        box, out = f"{w.root}/mail/{DOMAIN}/ann{folder}", {}
        for path in glob.glob(box + "/cur/*") + glob.glob(box + "/new/*"):
            with open(path, "rb") as f:
                text = f.read().replace(b"\r\n", b"\n")
            name = re.match(rb"X-Name: (\S+)\n", text)
            name = name[1].decode() if name else None
            if name is None or text != self.text(name).replace(b"\r\n", b"\n"):
                w.problem("torn", f"{path}: {len(text)} octets")
                continue
            if name in out:
                w.problem("twice", name)
            out[name] = path.partition(":2,")[2]
        if os.path.isdir(box + "/tmp") and os.listdir(box + "/tmp"):
            w.problem("leftover", f"in tmp of {folder or 'INBOX'}")
        return out

    def text(self, name):
        return message(name)


class Pop3(Store):
    """RFC 1939 6: nothing is removed without QUIT."""
    program = "pop3-login", "checkpw", "pop3d"
    mode, stay = "starttls", 0
    gone = "old1", "old3"

    def talk(self, s):
        if self.mode == "tls":
            s.tls()
        s.want(b"+OK").send(f"USER ann@{DOMAIN}\r\n".encode()).want(b"+OK")
        s.send(b"PASS secret\r\n").want(b"+OK Logged in")
        s.send(b"STAT\r\nRETR 1\r\n").want(b"+OK 5 ", b"+OK ", b".")
        s.send(b"DELE 2\r\nDELE 4\r\n").want(b"+OK", b"+OK")
        s.send(b"LIST\r\n").want(b"+OK", b".")
        return s.send(b"QUIT\r\n").need("quit").want(b"+OK").ack("quit")

    def found(self, w):
        there = self.look(w)
        gone = [n for n in self.names if n not in there]
        if gone and gone != list(self.gone):
            w.problem("lost", " ".join(gone))
        return {"quit"} if gone else set()


class Pop3s(Pop3):
    mode = "tls"


class Imap(Store):
    """Each command's effect is there as a whole or not at all."""
    program = "imap-login", "checkpw", "imapd"
    mode, stay = "starttls", 0

    def text(self, name):
        return message(name, 6 if name.startswith("new") else 3)

    def append(self, s, name, plus):
        text = self.text(name)
        s.send(b"%s APPEND INBOX (\\Flagged) {%d%s}\r\n" % (
            name.encode(), len(text), plus))
        if not plus:
            s.want(b"+ ")
        s.send(text).send(b"\r\n").need(name)
        s.want(name.encode() + b" OK").ack(name)

    def talk(self, s):
        if self.mode == "tls":
            s.tls()
        s.want(b"* OK").send(f"a LOGIN ann@{DOMAIN} {{6}}\r\n".encode())
        s.want(b"+ ").send(b"secret\r\n").want(b"a OK")
        s.send(b"b CREATE Box\r\n").want(b"b OK")
        s.send(b"c SELECT INBOX\r\n").want(b"c OK")
        s.send(b"d STORE 1 +FLAGS (\\Seen)\r\n").need("store")
        s.want(b"d OK").ack("store")
        s.send(b"e COPY 1:2 Box\r\n").need("copy").want(b"e OK").ack("copy")
        self.append(s, "new1", b"")
        self.append(s, "new2", b"+")
        s.send(b"f IDLE\r\n").want(b"+ ").send(b"DONE\r\n").want(b"f OK")
        s.send(b"g MOVE 5 Box\r\n").need("move").want(b"g OK").ack("move")
        s.send(b"h STORE 3 +FLAGS.SILENT (\\Deleted)\r\n").want(b"h OK")
        s.send(b"i EXPUNGE\r\n").need("expunge").want(b"i OK").ack("expunge")
        return s.send(b"j LOGOUT\r\n").want(b"j OK")

    def found(self, w):
        inbox, box = self.look(w), self.look(w, "/.Box")
        out = {n for n in ("new1", "new2") if n in inbox}
        for name in out:
            if inbox[name] != "F":
                w.problem("torn", f"{name} has {inbox[name]}")
        copied = sorted(set(box) - {"old4"})
        if copied and copied != ["old0", "old1"]:
            w.problem("torn", f"copied: {copied}")
        if ("old4" in inbox) == ("old4" in box):
            w.problem("torn", "moved by half")
        if not {"old0", "old1", "old3"} <= set(inbox):
            w.problem("lost", f"{sorted(inbox)}")
        for effect, there in (
                ("store", inbox.get("old0") == "S"), ("copy", copied),
                ("move", "old4" in box), ("expunge", "old2" not in inbox)):
            if there:
                out.add(effect)
        return out


class Imaps(Imap):
    mode = "tls"


class Imapworker(Imaps):
    program, stay = ("imap-login", "-w", "checkpw", "imapd"), 1


class Pop3worker(Pop3s):
    program, stay = ("pop3-login", "-w", "checkpw", "pop3d"), 1


SESSIONS = {c.__name__.lower(): c for c in (
    Smtp, Worker, Submission, Starttls, Smtps, Large, Pop3, Pop3s, Imap,
    Imaps, Imapworker, Pop3worker)}


class World:
    """One root, a copy of the template.  Problems found are pairs of a kind and
    a text."""

    def __init__(self, build, base, template):
        self.build, self.base = build, base
        self.root = base + "/root"
        self.problems = []
        self.env = {
            "PATH": f"{build}/bin:/usr/bin:/bin", "YUBIN_ROOT": self.root,
            "YUBIN_HOSTNAME": "mx." + DOMAIN, "SMTP_USER": "no-such-user",
            "MAIL_USER": "no-such-user", "REMOTE_USER": "no-such-user",
            "TLS_USER": "65534:65534", "CLEARTEXT_LOGIN": "1",
            "LOGIN_DELAY": "0", "QUEUE_SLOTS": "2", "REMOTE_TIMEOUT": "20",
            "ASAN_OPTIONS": "detect_leaks=0"}
        os.makedirs(base)
        if template:
            subprocess.run(["cp", "-a", template, self.root], check=True)

    @staticmethod
    def template(build, base):
        """A root to start from; returns where it is."""
        w = World(build, base + "/first", None)
        w.run("", "init")
        w.run("", "domain", "add", DOMAIN)
        for user in "ann", "bob":
            w.run("", "user", "add", f"{user}@{DOMAIN}", stdin=b"secret\n")
        users = f"{w.root}/domains/{DOMAIN}/users"
        with open(users) as f:
            text = re.sub(r"^(\w+):[^:]*:", r"\1:{PLAIN}secret:", f.read(),
                          flags=re.M)
        with open(users, "w") as f:
            f.write(text)
        os.makedirs(w.root + "/tls", exist_ok=True)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
             "/CN=localhost", "-keyout", f"{w.root}/tls/key.pem", "-out",
             f"{w.root}/tls/cert.pem"], check=True, stderr=subprocess.DEVNULL)
        return w.root

    def run(self, program, *args, stdin=b""):
        name = f"{self.build}/bin/yubin" + (program and "-" + program)
        r = subprocess.run([name, *args], input=stdin, env=self.env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if r.returncode:
            raise RuntimeError(f"{name} {args}: {r.stderr.decode()}")

    def problem(self, kind, text):
        self.problems.append((kind, text))

    def own(self):
        """New files belong to whom their folder belongs."""
        box = f"{self.root}/mail/{DOMAIN}/ann"
        st = os.stat(box)
        for path in glob.glob(box + "/cur/*"):
            os.chown(path, st.st_uid, st.st_gid)

    def save(self, part):
        subprocess.run(["cp", "-a", f"{self.root}/{part}",
                        f"{self.base}/{part}"], check=True)

    def restore(self, part):
        shutil.rmtree(f"{self.root}/{part}")
        subprocess.run(["cp", "-a", f"{self.base}/{part}",
                        f"{self.root}/{part}"], check=True)
