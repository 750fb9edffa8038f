# SPDX-License-Identifier: ISC
# idle.py BIN N: private memory of the processes that serve N idle IMAP clients
# over TLS, before and after login, in kB for each client.
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time

BIN, N = sys.argv[1], int(sys.argv[2])
root = tempfile.mkdtemp(prefix="yubin-idle.")
env = dict(os.environ, YUBIN_ROOT=root, LOGIN_DELAY="0", MAX_CLIENTS="10000",
           MAX_PER_SOURCE="10000", YUBIN_HOSTNAME="localhost",
           PATH=BIN + ":" + os.environ["PATH"])


def yubin(*args, **kw):
    subprocess.run([BIN + "/yubin", *args], env=env, check=True,
                   stdout=subprocess.DEVNULL, **kw)


yubin("init")
yubin("domain", "add", "example.test")
yubin("user", "add", "ann@example.test", input=b"x\n")
yubin("cert")
users = root + "/domains/example.test/users"
with open(users) as f:
    lines = f.read().split(":", 2)
with open(users, "w") as f:
    f.write("ann:{PLAIN}secret:" + lines[2])
port_file = root + "/port"
server = subprocess.Popen(
    [BIN + "/yubin-tlsserver", "-w", "-t", "tls", "-p", port_file, "127.0.0.1",
     "0", "yubin-imap-login", "-w", "yubin-checkpw", "yubin-imapd"], env=env,
    stderr=subprocess.DEVNULL)
while not (os.path.exists(port_file) and os.path.getsize(port_file)):
    time.sleep(0.02)
port = int(open(port_file).read().split()[-1])
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE


def private(name):
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe") != f"{BIN}/{name}":
                continue
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += sum(int(line.split()[1]) for line in f
                             if line.startswith("Private_"))
        except OSError:
            pass
    return total


def report(when, names):
    time.sleep(0.5)
    parts = [f"{n[6:]} {private(n) / N:.0f}" for n in names]
    print(f"{when:14}", "  ".join(parts), "kB private for each client")


clients = []
for _ in range(N):
    c = context.wrap_socket(socket.create_connection(("127.0.0.1", port)))
    c.recv(1000)
    clients.append(c)
report("before login", ["yubin-tlsserver", "yubin-imap-login"])
for c in clients:
    c.sendall(b"a LOGIN ann@example.test secret\r\n")
    c.recv(1000)
for c in clients:
    c.sendall(b"b SELECT INBOX\r\nc IDLE\r\n")
    c.recv(1000)
report("idle in INBOX", ["yubin-tlsserver", "yubin-imap-login",
                         "yubin-imapd"])
for c in clients:
    c.close()
server.terminate()
server.wait(20)
subprocess.run(["rm", "-rf", root], check=True)
