#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A queue runner that plays jobs against a worker, one after the other.

usage: jobs.py MESSAGE PROGRAM… <script

Lines of the script:
  job DOMAIN SENDER RCPT…   a job for MESSAGE (SENDER "-" is the null one);
                            RCPT may be ADDR,NOTIFY,ORCPT; waits for its end
  ask DOMAIN …              the same without waiting
  set KEY VALUE             for the jobs that follow: envid, ret, utf8
  wait SECONDS
  until FILE                wait until FILE exists
Prints "pid PID", the answers as they come and "end STATUS" in the end.
"""
import os
import socket
import subprocess
import sys
import time

message, program = sys.argv[1], sys.argv[2:]
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
worker = subprocess.Popen(program, stdin=theirs)
theirs.close()
print("pid %d" % worker.pid, flush=True)
ours.settimeout(30)
file = os.open(message, os.O_RDONLY)
extra = {}


def pair(key, value):
    value = value.encode()
    return b"%d:%s,%d:%s," % (len(key), key.encode(), len(value), value)


def packet(number, domain, sender, rcpts):
    p = pair("job", str(number)) + pair("id", "0123456789abcdefghijk")
    p += pair("sender", "" if sender == "-" else sender)
    p += pair("domain", domain) + pair("at", "0")
    p += pair("length", str(os.stat(message).st_size))
    for item in extra.items():
        p += pair(*item)
    for i, rcpt in enumerate(rcpts):
        addr, notify, orcpt = (rcpt.split(",") + ["", ""])[:3]
        p += pair("rcpt", addr) + pair("number", str(i))
        if notify:
            p += pair("notify", notify)
        if orcpt:
            p += pair("orcpt", orcpt)
    return p


def answers(number):
    while True:
        text = ours.recv(200000).decode()
        print(text, end="", flush=True)
        if not text or "%d done\n" % number in text:
            return


number = 0
for line in sys.stdin:
    word, *rest = line.split()
    if word in ("job", "ask"):
        number += 1
        socket.send_fds(ours, [packet(number, rest[0], rest[1], rest[2:])],
                        [file])
        if word == "job":
            answers(number)
    elif word == "set":
        extra[rest[0]] = rest[1]
    elif word == "wait":
        time.sleep(float(rest[0]))
    elif word == "until":
        while not os.path.exists(rest[0]):
            time.sleep(0.05)
ours.shutdown(socket.SHUT_WR)
while True:
    left = ours.recv(200000)
    if not left:
        break
    print(left.decode(), end="")
print("end %d" % worker.wait(30))
