# SPDX-License-Identifier: ISC
"""What is done under faults, and what must be true afterwards."""
import base64
import os
import re
import time

from world import DOMAIN, OLD_S, USERS, Message

ANN, BOB = "ann@" + DOMAIN, "bob@" + DOMAIN
NOBODY = "nobody@" + DOMAIN
JOE, EVE = "joe@remote.test", "eve@remote.test"
OK = re.compile(rb"^250 2\.0\.0 Ok ([0-9a-v]{21})\r$", re.M)


def local(address):
    """Where a message to the address is looked for."""
    return address.split("@")[0] if address.endswith(DOMAIN) else address


class Scenario:
    """prepare() makes the root that each run starts from; act() is disturbed
    and returns what it did; judge() says what must be there in the end."""
    messages = {}
    limits = range(3, 17)  # descriptors, see RLIMIT_NOFILE
    codes = (0, 111, 127)  # 127: not even the C library could be loaded
    only = ""  # calls of programs whose names begin so fail, too
    bad = 0  # files for queue/bad

    def prepare(self, w):
        pass

    def after(self, w, run):
        w.recover()


def deliver(w, acked, message, rcpts):
    """All of the recipients have the message, or, unless it was acknowledged,
    none.  rcpts: pairs of an address and whether it was acknowledged, too."""
    whole = acked or any(w.found[local(r), message.token] for r, _ in rcpts)
    for r, known in rcpts:
        w.expect(local(r), message, int(whole and known))


def replies(out):
    """Codes of the SMTP replies that were written to the end."""
    return re.findall(rb"^(\d\d\d) .*\r\n", out, re.M)


class Smtp(Scenario):
    """Two messages in one session, one of many writes, two recipients."""
    name = "smtp"
    login = b""
    args = ()
    messages = {m.token: m for m in (Message("one", 3), Message("two", 9000))}

    def session(self, messages):
        text = b"EHLO client\r\n" + self.login
        for m in messages:
            text += (f"MAIL FROM:<{ANN}>\r\nRCPT TO:<{ANN}>\r\n"
                     f"RCPT TO:<{BOB}>\r\nDATA\r\n").encode()
            text += m.dotted()
        return text + b"QUIT\r\n"

    def act(self, w, **how):
        return w.run([w.bin + "smtpd", *(w.bin + a for a in self.args)],
                     self.session(self.messages.values()), **how)

    def judge(self, w, run):
        acked = set()
        for i in OK.findall(run.out):
            if i not in w.by_id:
                w.problem("lost", f"{i.decode()} was answered with 250")
            acked.add(w.by_id.get(i))
        for out, messages in self.conversations(run):
            codes = replies(out)[2 + bool(self.login):]
            for m in messages:
                ann, bob, data = (codes + [b""] * 4)[1:4]
                deliver(w, m.token in acked, m,
                        ((ANN, ann == b"250"), (BOB, bob == b"250")))
                # Without 354 the message was taken for commands.
                codes = codes[5:] if data == b"354" else []

    def conversations(self, run):
        return [(run.out, self.messages.values())]

    def complete(self, run):
        return len(OK.findall(run.out)) == len(self.messages)


class Submit(Smtp):
    """The same behind a login."""
    name = "submit"
    login = b"AUTH PLAIN " + base64.b64encode(
        f"\0{ANN}\0secret".encode()) + b"\r\n"
    args = ("checkpw",)


class SmtpWorker(Smtp):
    """Two connections to a worker, a message each."""
    name = "smtp-worker"

    def act(self, w, **how):
        return w.run([w.bin + "smtpd", "-w"], sessions=[
            self.session([m]) for m in self.messages.values()], **how)

    def conversations(self, run):
        return [(out, [m]) for out, m in zip(run.out.split(b"\0"),
                                             self.messages.values())]


class Inject(Scenario):
    name = "inject"
    messages = {"one": Message("one", 3000)}

    def act(self, w, **how):
        return w.run([w.bin + "inject", "-f", ANN, BOB, ANN],
                     self.messages["one"].text, **how)

    def judge(self, w, run):
        deliver(w, self.complete(run), self.messages["one"],
                ((ANN, True), (BOB, True)))

    def complete(self, run):
        return run.code == 0


class Local(Scenario):
    """deliver-local by hand.  The second try is the one that the runner makes
    when it died or did not hear."""
    name = "local"
    messages = {"one": Message("one", 3000)}

    def argv(self, w, *options):
        return [w.bin + "deliver-local", *options, "-i", "1" * 21, "-n", "0",
                "-f", ANN, BOB]

    def act(self, w, **how):
        return w.run(self.argv(w), self.messages["one"].text, **how)

    def after(self, w, run):
        w.look(self.messages)
        if run.out[:1] == b"K" and not w.found["bob", "one"]:
            w.problem("lost", "answered with K")
        if run.out[:1] == b"D":
            w.problem("lost", f"failed for good: {run.out}")
        again = w.run(self.argv(w, "-r"), self.messages["one"].text)
        if again.out[:1] != b"K":
            w.problem("lost", f"the second try says {again.out}")

    def judge(self, w, run):
        w.expect("bob", self.messages["one"], 1)

    def complete(self, run):
        return run.out[:1] == b"K"


class Remote(Scenario):
    """deliver-remote by hand.  Twice is allowed when the other server's 250
    was not heard (RFC 1047)."""
    name = "remote"
    messages = {"one": Message("one", 300)}

    def act(self, w, **how):
        return w.run([w.bin + "deliver-remote", "-i", "1" * 21, "-f", ANN,
                      "remote.test", JOE, EVE],
                     self.messages["one"].text, **how)

    def after(self, w, run):
        if b"D" in (line[:1] for line in run.out.splitlines()):
            w.problem("lost", f"failed for good: {run.out}")
        if not self.complete(run):
            self.act(w)

    def judge(self, w, run):
        most = 1 if self.complete(run) else 2
        for r in (JOE, EVE):
            w.expect(r, self.messages["one"], 1, most)

    def complete(self, run):
        # Delivered, or relayed to a host without DSN.
        return re.fullmatch(rb"([KR] .*\n){2}", run.out) is not None


class Runner(Scenario):
    """The queue runner with messages of which some fail.  A remote delivery
    or a bounce may come twice."""
    sends = ()  # token, recipients
    limits = range(3, 25)

    def prepare(self, w):
        for token, rcpts in self.sends:
            w.put(self.messages[token], ANN, *rcpts)

    def act(self, w, **how):
        return w.runner(**how)

    def judge(self, w, run):
        for token, rcpts in self.sends:
            for r in rcpts:
                if r != NOBODY:
                    w.expect(local(r), self.messages[token], 1,
                             2 if r in (JOE, EVE) else 1)
            if NOBODY in rcpts:
                w.expect("bounce", self.messages[token], 1, 2)

    def complete(self, run):
        return run.code == 0


class RunnerLocal(Runner):
    name = "runner-local"
    messages = {"one": Message("one", 3000)}
    sends = (("one", (ANN, BOB)),)


class RunnerOwners(RunnerLocal):
    """Maildirs that belong to others than the runner."""
    name = "runner-owners"
    only = "deliver-local"

    def prepare(self, w):
        super().prepare(w)
        for uid, user in enumerate(USERS if os.geteuid() == 0 else (), 4000):
            for part in ("", "cur", "new", "tmp"):
                os.chown(os.path.join(w.box(user), part), uid, uid)


class RunnerForward(Runner):
    """An address that stands for two others, one of them elsewhere.  It may be
    put into the queue twice, and the first of these sent twice."""
    name = "runner-forward"
    only = "deliver-local"
    messages = {"one": Message("one", 300)}

    def prepare(self, w):
        w.must([w.bin[:-1], "alias", "add", "both@" + DOMAIN, BOB, JOE])
        w.put(self.messages["one"], ANN, "both@" + DOMAIN)

    def judge(self, w, run):
        w.expect("bob", self.messages["one"], 1)
        w.expect(JOE, self.messages["one"], 1, 3)


class RunnerRemote(Runner):
    name = "runner-remote"
    messages = {"one": Message("one", 300)}
    sends = (("one", (JOE, EVE)),)


class Bounce(Runner):
    name = "bounce"
    only = "queue-runner"
    messages = {"one": Message("one", 30)}
    sends = (("one", (NOBODY, BOB)),)


class RunnerAll(Runner):
    """Several messages, an old file in tmp, and two that a crash has torn."""
    name = "runner-all"
    only = "queue-runner"
    messages = {m.token: m for m in (
        Message("one", 20), Message("two", 9000),
        Message("small", 20), Message("big", 9000))}
    sends = (("one", (BOB, JOE, NOBODY)), ("two", (ANN, NOBODY)))
    torn = ("small", "big")
    bad = len(torn)

    def prepare(self, w):
        for token in self.torn:
            w.put(self.messages[token], ANN, BOB)
        for path in w.files("queue"):
            self.tear(path)
        super().prepare(w)
        path = w.root + "/queue/tmp/" + "1" * 21
        with open(path, "w") as f:
            f.write("half a mess")
        when = time.time() - OLD_S
        os.utime(path, (when, when))

    @staticmethod
    def tear(path):
        if not os.path.isfile(path):
            return
        with open(path, "r+b") as f:
            text = f.read()
            if (at := text.rfind(b" line 19\r\n")) > 0:
                f.seek(at)
                f.write(bytes(5))


ALL = [s() for s in (Smtp, Submit, SmtpWorker, Inject, Local, Remote,
                     RunnerLocal, RunnerOwners, RunnerForward, RunnerRemote,
                     Bounce, RunnerAll)]
