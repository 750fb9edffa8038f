# SPDX-License-Identifier: ISC
# kill9.py COUNT CLIENTS: CLIENTS clients submit until COUNT messages were
# acknowledged, while random processes of the server are killed with SIGKILL.
# Every acknowledged message must be in the Maildir once, or (bounded, counted)
# twice.
import base64
import collections
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

COUNT, CLIENTS = int(sys.argv[1]), int(sys.argv[2])
ROOT = os.environ["YUBIN_ROOT"]
BIN = os.environ["BIN"]
PORT = int(os.environ["PORT"])
LOG = open(os.environ["LOG"], "ab")
MAX_TWICE = 20
BODY = "\r\n".join(["x" * 70] * 30)

stopping = threading.Event()
killing = threading.Event()
acked, tried = [], 0
lock = threading.Lock()
kills = collections.Counter()


def supervise(args):
    """Restart a program whenever it dies, as s6-supervise does."""
    while not stopping.is_set():
        p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=LOG,
                             stderr=LOG)
        while p.poll() is None and not stopping.is_set():
            time.sleep(0.02)
        if p.poll() is None:
            p.terminate()
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
            return
        time.sleep(0.05)


def our_processes():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            exe = os.readlink(f"/proc/{pid}/exe")
            if not exe.startswith(BIN + "/"):
                continue
            with open(f"/proc/{pid}/environ", "rb") as f:
                if f"YUBIN_ROOT={ROOT}\0".encode() not in f.read() + b"\0":
                    continue
        except OSError:
            continue
        yield int(pid), os.path.basename(exe)


def killer():
    chance = random.Random(os.environ.get("SEED", "yubin"))
    while killing.is_set():
        time.sleep(chance.uniform(0.01, 0.12))
        victims = sorted(our_processes())
        # Choose the program first: sessions outnumber the runner.
        names = sorted({name for _, name in victims})
        if not names:
            continue
        name = chance.choice(names)
        pid = chance.choice([p for p, n in victims if n == name])
        try:
            os.kill(pid, signal.SIGKILL)
            kills[name] += 1
        except OSError:
            pass


class Smtp:
    def __init__(self):
        self.sock = socket.create_connection(("127.0.0.1", PORT), timeout=30)
        self.file = self.sock.makefile("rb")

    def close(self):
        self.file.close()
        self.sock.close()

    def reply(self):
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise OSError("connection lost")
            if line[3:4] != b"-":
                return line

    def ask(self, text, want):
        self.sock.sendall(text + b"\r\n")
        if not self.reply().startswith(want):
            raise OSError("refused")


def submit(token):
    s = Smtp()
    try:
        s.reply()
        s.ask(b"EHLO client", b"250")
        s.ask(b"AUTH PLAIN " + base64.b64encode(
            b"\0ann@example.test\0secret"), b"235")
        s.ask(b"MAIL FROM:<ann@example.test>", b"250")
        s.ask(b"RCPT TO:<bob@example.test>", b"250")
        s.ask(b"DATA", b"354")
        s.ask(f"Subject: {token}\r\n\r\n{BODY}\r\n.".encode(), b"250")
    finally:
        s.close()


def client(number):
    global tried
    while True:
        with lock:
            if len(acked) >= COUNT:
                return
            tried += 1
            token = f"token-{tried}-end"
        try:
            submit(token)
        except OSError:
            time.sleep(0.02)
            continue
        with lock:
            acked.append(token)


def delivered():
    found = collections.Counter()
    base = os.path.join(ROOT, "mail/example.test/bob")
    for sub in ("new", "cur"):
        for name in os.listdir(os.path.join(base, sub)):
            with open(os.path.join(base, sub, name), "rb") as f:
                text = f.read()
            if not text.endswith(BODY.replace("\r", "").encode() + b"\n"):
                sys.exit(f"torn message {name}")
            at = text.index(b"Subject: token-") + 9
            found[text[at:text.index(b"\n", at)].decode()] += 1
    return found


def in_slot(name):
    with open(f"{ROOT}/queue/slot/{name}", "rb") as f:
        return not f.readline().startswith(b"yubin-queue free")


def queued():
    return (sum(len(files) for _, _, files in os.walk(ROOT + "/queue/new")) +
            sum(1 for name in os.listdir(ROOT + "/queue/slot")
                if name.isdigit() and in_slot(name)))


killing.set()
threads = [threading.Thread(target=supervise, args=(a,)) for a in (
    [BIN + "/yubin-tlsserver", "-t", "plain", "127.0.0.1", str(PORT),
     BIN + "/yubin-smtpd", BIN + "/yubin-checkpw"],
    [BIN + "/yubin-queue-runner"])]
for t in threads:
    t.start()
clients = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)]
murder = threading.Thread(target=killer)
murder.start()
for t in clients:
    t.start()
for t in clients:
    t.join()
killing.clear()
murder.join()
stopping.set()
for t in threads:
    t.join()
# What a kill has deferred is not waited for.
for _ in range(10):
    if queued() == 0:
        break
    subprocess.run([BIN + "/yubin-queue-runner", "--once", "--all"],
                   stdin=subprocess.DEVNULL, stdout=LOG, stderr=LOG)
found = delivered()
missing = [t for t in acked if not found[t]]
twice = sum(1 for n in found.values() if n > 1)
often = sum(1 for n in found.values() if n > 2)
print(f"kill9: {tried} submissions, {len(acked)} acknowledged, "
      f"{sum(kills.values())} kills {dict(kills)}, {len(missing)} missing, "
      f"{twice} twice, {often} more often, {queued()} still queued, "
      f"{len(os.listdir(ROOT + '/queue/bad'))} bad")
bad = os.listdir(ROOT + "/queue/bad")
if missing or queued() or often or twice > MAX_TWICE or not acked or len(kills) < 3:
    sys.exit(f"FAILED; missing: {missing[:5]}, bad: {bad[:5]}")
