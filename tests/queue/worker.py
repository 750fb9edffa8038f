#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Stands in for yubin-deliver-local and yubin-deliver-remote: a worker
(lib/queue/job.h) in which the local part of a recipient says what happens.
Each job becomes a line in $CALLS:

    local ID SENDER [8bit] [utf8] [rewrite] 0:ok@example.test 3:again:x@…
"""
import os
import socket
import sys
import threading
import time

CALLS = os.environ["CALLS"]
KIND = "remote" if sys.argv[0].endswith("remote") else "local"
conn = socket.socket(fileno=0)
lock = threading.Lock()
running = 0
crowd = threading.Barrier(40)


def pairs(data):
    out = []
    while data:
        n, _, data = data.partition(b":")
        out.append(data[:int(n)].decode())
        data = data[int(n) + 1:]
    return list(zip(out[::2], out[1::2]))


def note(line):
    with lock, open(CALLS, "a") as f:
        f.write(line + "\n")


def die():
    os.kill(os.getpid(), 9)


def fate(addr, job, fd):
    """The result line; None for none at all."""
    number = int(job["job"])
    if addr.startswith("ok"):
        return "K 2.0.0 fine"
    if addr.startswith("body"):
        with open(CALLS + ".body", "wb") as f:
            f.write(os.pread(fd, int(job["length"]), int(job["at"])))
        return "K 2.0.0 read"
    if addr.startswith("bad"):
        return "D 5.1.1 mx.host.test[192.0.2.1]: 550 5.1.1 nobody"
    if addr.startswith("busy"):
        return "Z 4.2.2 full"
    if addr.startswith("down"):
        return "Z 4.4.1 refused"
    if addr.startswith("relayed"):
        return "R 2.0.0 relayed"
    if addr.startswith("transferred"):
        return "T 2.0.0 transferred"
    if addr.startswith("expanded"):
        return "X 2.0.0 passed on"
    if addr.startswith("crash"):
        time.sleep(0.3)
        die()
    if addr.startswith("mute"):
        return None
    if addr.startswith("once"):
        if os.path.exists(CALLS + ".once"):
            return "K 2.0.0 at last"
        open(CALLS + ".once", "w").close()
        return "Z 4.2.1 not yet"
    if addr.startswith("slow"):
        time.sleep(0.3)
        return "K 2.0.0 slow"
    if addr.startswith("hang"):
        note("hanging")
        time.sleep(60)
        return None
    if addr.startswith("crowd"):  # after 40, 40 at once or none
        if number > 40:
            crowd.wait(20)
        return "K 2.0.0 stored"
    if addr.startswith("program"):
        time.sleep(0.02)
        return "X 2.0.0 program ran"
    return "D 5.1.1 no such user"


def serve(job, rcpts, fd):
    global running
    number = job["job"]
    for i, r in enumerate(rcpts):
        line = fate(r["rcpt"], job, fd)
        if line:
            conn.send(f"{number} {i} {line}\n".encode())
    os.close(fd)
    with lock:
        running -= 1
    unsynced = ("unsynced" in job and "SYNCED" not in os.environ and
                not any(r["rcpt"].startswith("program") for r in rcpts))
    conn.send(f"{number} done{' unsynced' if unsynced else ''}\n".encode())


def show(job, rcpts):
    words = [KIND, job["id"], job["sender"] or "<>"]
    if job["domain"]:
        words.append("to=" + job["domain"])
    words += [k for k in ("8bit", "utf8", "rewrite") if k in job]
    for r in rcpts:
        words.append(r["number"] + ":" + ("again:" if "again" in r else "") +
                     r["rcpt"])
    note(" ".join(words))


while True:
    data, fds, _, _ = socket.recv_fds(conn, 200000, 4)
    if not data:
        break
    request = pairs(data)
    if request[0][0] == "sync":
        note("sync")
        ok = not os.path.exists(CALLS + ".syncfails")
        if not ok:
            os.unlink(CALLS + ".syncfails")
        if os.path.exists(CALLS + ".syncdies"):
            os.unlink(CALLS + ".syncdies")
            die()
        conn.send(b"synced\n" if ok else b"unsynced\n")
        continue
    job, rcpts = {}, []
    for key, value in request:
        if key == "rcpt":
            rcpts.append({key: value})
        elif rcpts:
            rcpts[-1][key] = value
        else:
            job[key] = value
    show(job, rcpts)
    with lock:
        running += 1
    if "RUNNING" in os.environ:
        note(f"running {running}")
    if KIND == "local":
        threading.Thread(
            target=serve, args=(job, rcpts, fds[0]), daemon=True).start()
    else:
        serve(job, rcpts, fds[0])
