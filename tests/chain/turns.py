# SPDX-License-Identifier: ISC
"""Dovecot and yubin take turns on one Maildir: turns.py MAILDIR UID TURNS.

Each turn begins with deliveries while nobody looks.  Then a session of the
server whose turn it is finds what the model says, in every folder: UIDVALIDITY,
UIDs, flags, keywords, subscriptions; and changes things.  At the end of the
turn the clients, which keep their state across all turns, come by: mbsync must
pull and push what the model says and no more, twice; fetchmail (POP3, keep)
must fetch each message once.  Ports are in the environment; the working folder
is the clients'."""
import email
import imaplib
import os
import re
import subprocess
import sys

MAILDIR, UID, TURNS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
SERVERS = [("dovecot", os.environ["DOVECOT_IMAP"], os.environ["DOVECOT_POP3"]),
           ("yubin", os.environ["IMAP"], os.environ["POP3"])]
LETTERS = {"\\Draft": "D", "\\Flagged": "F", "\\Answered": "R", "\\Seen": "S",
           "$Forwarded": "P"}

# folder -> {Message-ID: [UID or None, set of flags and keywords]}
# The folders are those of a new account.
subscribed = {"Drafts", "Sent", "Junk", "Trash", "Archive"}
model = {folder: {} for folder in {"INBOX"} | subscribed}
validity, fetched, made = {}, set(), 0


def text():
    """A new message: its Message-ID and its octets."""
    global made
    made += 1
    mid = f"<m{made}@elsewhere.test>"
    return mid, (f"From: x@elsewhere.test\r\nTo: ann@example.test\r\n"
                 f"Subject: {made}\r\nMessage-ID: {mid}\r\n\r\n"
                 + "Line.\r\n" * made).encode()


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)
    if done.returncode:
        sys.exit(f"{command}: {done.returncode}\n{done.stdout.decode()}")
    return done.stdout.decode()


def deliver(how):
    mid, octets = text()
    octets = octets.replace(b"\r\n", b"\n")
    if how == "yubin":
        run("yubin-deliver-local", "-f", "x@elsewhere.test",
            "ann@example.test", input=octets)
    else:
        name = f"{1700000000 + made}.M{made}P1.elsewhere"
        with open(f"{MAILDIR}/tmp/{name}", "wb") as f:
            f.write(octets)
            os.fchown(f.fileno(), UID, UID)
        os.rename(f"{MAILDIR}/tmp/{name}", f"{MAILDIR}/new/{name}")
    model["INBOX"][mid] = [None, set()]


class Session:
    def __init__(self, port):
        self.c = imaplib.IMAP4("127.0.0.1", int(port))
        self.c.login("ann@example.test", "secret")

    def ok(self, *command):
        typ, data = getattr(self.c, command[0])(*command[1:])
        assert typ == "OK", (command, typ, data)
        return data

    def uid(self, *command):
        return self.ok("uid", *command)

    def select(self, folder):
        self.ok("select", folder)
        return int(self.c.response("UIDVALIDITY")[1][0])

    def seen(self):
        """What the server says of all messages: {Message-ID: (UID, flags)}."""
        found = {}
        for part in self.uid(
                "FETCH", "1:*",
                "(FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"):
            if not isinstance(part, tuple):
                continue
            line = part[0].decode()
            mid = email.message_from_bytes(part[1])["Message-ID"]
            uid = int(re.search(r"UID (\d+)", line)[1])
            flags = re.search(r"FLAGS \(([^)]*)\)", line)[1].split()
            assert mid not in found, f"{mid} twice"
            found[mid] = (uid, set(flags) - {"\\Recent"})
        return found

    def check(self):
        for folder, mails in model.items():
            v = self.select(folder)
            assert validity.setdefault(folder, v) == v, (folder, validity, v)
            found = self.seen()
            for mid, mail in mails.items():
                if mail[0] is None and mid in found:
                    mail[0] = found[mid][0]
            want = {mid: tuple(mail) for mid, mail in mails.items()}
            wrong = {mid for mid in found.keys() | want.keys()
                     if found.get(mid) != want.get(mid)}
            assert not wrong, [(folder, mid, found.get(mid), want.get(mid))
                               for mid in wrong]
        names = {line.decode().split()[-1].strip('"')
                 for line in self.ok("lsub", '""', "*") if line}
        assert names == subscribed, (names, subscribed)

    def append(self, folder, flags):
        mid, octets = text()
        self.ok("append", folder, " ".join(flags), None, octets)
        model[folder][mid] = [None, set(flags)]

    def store(self, folder, mid, op, flags):
        mail = model[folder][mid]
        self.uid("STORE", str(mail[0]), op + "FLAGS", "(%s)" % " ".join(flags))
        mail[1] = {"": set(flags), "+": mail[1] | set(flags),
                   "-": mail[1] - set(flags)}[op]

    def expunge(self, folder, mid):
        self.store(folder, mid, "+", ["\\Deleted"])
        self.uid("EXPUNGE", str(model[folder].pop(mid)[0]))

    def change(self, turn):
        """Something of everything."""
        folder = f"Turn.{turn}"
        self.ok("create", folder)
        self.ok("subscribe", folder)
        subscribed.add(folder)
        model[folder] = {}
        self.append(folder, ["\\Seen", "\\Draft", "$Turn"])
        self.append("INBOX", [])
        self.append("INBOX", [f"own{turn}"])
        self.select("INBOX")
        mids = [m for m in model["INBOX"] if model["INBOX"][m][0]]
        self.store("INBOX", mids[0], "+", ["\\Flagged", f"kw{turn}"])
        self.store("INBOX", mids[0], "-", [f"kw{turn - 1}"])
        self.store("INBOX", mids[1], "", ["\\Answered", "$Forwarded"])
        self.store("INBOX", mids[-1], "+", ["$Junk", "shared"])
        for mid in mids[1:3]:
            self.uid("COPY", str(model["INBOX"][mid][0]), folder)
            model[folder][mid] = [None, set(model["INBOX"][mid][1])]
        mid = mids[3 % len(mids)]
        self.uid("MOVE", str(model["INBOX"][mid][0]), folder)
        model[folder][mid] = [None, model["INBOX"].pop(mid)[1]]
        if turn:
            old = f"Turn.{turn - 1}"
            self.select(old)
            self.expunge(old, next(iter(model[old])))
        self.ok("create", f"Old.{turn}")
        model[f"Moved.{turn}"] = model[f"Old.{turn}"] = {}
        self.append(f"Old.{turn}", [f"old{turn}", "shared"])
        self.ok("rename", f"Old.{turn}", f"Moved.{turn}")
        del model[f"Old.{turn}"]

    def burst(self):
        """Many come and go: the list of UIDs becomes long, and short again."""
        for _ in range(80):
            deliver("elsewhere")
        self.check()
        self.select("INBOX")
        for mid in list(model["INBOX"])[-79:]:
            self.store("INBOX", mid, "+", ["\\Deleted"])
            del model["INBOX"][mid]
        self.ok("expunge")

    def close(self):
        self.c.logout()


def near_files():
    """mbsync's side: {folder: {Message-ID: path}}."""
    found = {}
    for folder in model:
        sub = "" if folder == "INBOX" else "." + folder
        mails = found[folder] = {}
        for box in "cur", "new":
            where = os.path.join("near", sub, box)
            for name in os.listdir(where) if os.path.isdir(where) else []:
                with open(f"{where}/{name}", "rb") as f:
                    mid = email.message_from_binary_file(f)["Message-ID"]
                assert mid not in mails, f"mbsync has {mid} twice in {folder}"
                mails[mid] = f"{where}/{name}"
    return found


def letters(flags):
    return "".join(sorted(LETTERS.get(f, "") for f in flags))


def change_near():
    """The user of mbsync removes a message, flags one, and saves another."""
    mails = near_files()["INBOX"]
    _, _, third, *_, mid = [m for m in model["INBOX"] if m in mails]
    os.unlink(mails[third])
    del model["INBOX"][third]
    base, _, flags = mails[mid].rpartition(":2,")
    base = base or mails[mid]
    new = base.replace("/new/", "/cur/") + ":2,"
    op = flags.replace("R", "") if "R" in flags else flags + "R"
    os.rename(mails[mid], new + "".join(sorted(op)))
    model["INBOX"][mid][1] ^= {"\\Answered"}
    mid, octets = text()
    with open(f"near/cur/{made}.near:2,S", "wb") as f:
        f.write(octets.replace(b"\r\n", b"\n"))
    model["INBOX"][mid] = [None, {"\\Seen"}]


def mbsync(port):
    with open("mbsyncrc", "w") as f:
        f.write(f"""IMAPStore far
Host 127.0.0.1
Port {port}
User ann@example.test
Pass secret
SSLType None
AuthMechs LOGIN

MaildirStore near
Inbox {os.getcwd()}/near
SubFolders Maildir++

Channel all
Far :far:
Near :near:
Patterns *
Create Near
Expunge Both
SyncState *
""")
    for where, _, _ in os.walk("near"):
        # Else it waits for a second to pass.
        os.utime(where, (1700000000, 1700000000))
    run("mbsync", "-c", "mbsyncrc", "-a")


def files(top):
    """All messages' files below top, with their flags."""
    return {f"{where}/{name}" for where, _, names in os.walk(top)
            for name in names if where.endswith(("/cur", "/new"))}


def bases(names):
    """The same without flags and mbsync's UIDs."""
    return {re.sub("/(cur|new)/", "/", re.split(",U=|:", name)[0])
            for name in names}


def sync(turn, port, other):
    """mbsync comes by: it pulls exactly what it has not got, and with the other
    server nothing is left to do."""
    had = near_files()
    gone = sum(mid not in model[f] for f in had for mid in had[f])
    pull = sum(mid not in had[f] for f in model for mid in model[f])
    if turn:
        change_near()
    near, far = bases(files("near")), bases(files(MAILDIR))
    mbsync(port)
    assert len(bases(files("near")) - near) == pull, "pulled other messages"
    assert len(near - bases(files("near"))) == gone, "removed others"
    assert len(bases(files(MAILDIR)) - far) == (turn > 0), "pushed others"
    assert len(far - bases(files(MAILDIR))) == (turn > 0), "removed there"
    near, far = files("near"), files(MAILDIR)
    mbsync(other)
    assert (near, far) == (files("near"), files(MAILDIR)), "not quiet"
    after = near_files()
    for folder, mails in model.items():
        want = {mid: letters(mail[1]) for mid, mail in mails.items()}
        have = {mid: path.rpartition(":2,")[2] if ":2," in path else ""
                for mid, path in after[folder].items()}
        assert have == want, f"mbsync's {folder}:\n{have}\nnot\n{want}"


def fetchmail(port):
    """fetchmail comes by: what it has not fetched yet, and nothing else.  It
    uses TOP, which flags nothing."""
    with open("fetchmailrc", "w") as f:
        f.write(f"""poll 127.0.0.1 protocol pop3 service {port} uidl
  user "ann@example.test" password "secret" keep sslproto ""
  mda "{os.getcwd()}/mda"
""")
    os.chmod("fetchmailrc", 0o600)
    open("fetched", "w").close()
    done = subprocess.run(
        ["fetchmail", "-f", "fetchmailrc", "--pidfile", f"{os.getcwd()}/pid",
         "--nosyslog", "--idfile", f"{os.getcwd()}/ids"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode in (0, 1), done.stdout
    with open("fetched") as f:
        got = re.findall(r"^Message-ID: (\S+)", f.read(), re.M | re.I)
    want = {mid for mid in model["INBOX"] if mid not in fetched}
    assert sorted(got) == sorted(want), f"fetchmail: {got}\nnot\n{want}"
    fetched.update(got)


def main():
    os.mkdir("near")
    with open("mda", "w") as f:
        f.write(f'#!/bin/sh\n{{ cat; echo; }} >>"{os.getcwd()}/fetched"\n')
    os.chmod("mda", 0o755)
    if os.getuid() == 0:
        os.environ["FETCHMAILUSER"] = "root"
    for turn in range(TURNS):
        name, imap, pop3 = SERVERS[turn % 2]
        print(f"turn {turn}: {name}", flush=True)
        for how in "elsewhere", "yubin", "elsewhere", "elsewhere":
            deliver(how)
        session = Session(imap)
        session.check()
        session.change(turn)
        if turn in (2, 5):
            session.burst()
        session.check()
        session.close()
        fetchmail(pop3)
        sync(turn, imap, SERVERS[(turn + 1) % 2][1])


main()
