#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""deliver-remote against servers that break off, lie, flood, stall or are odd.

usage: hostile.py CERTDIR [CASE…]

Each case is a server of its own and one run of deliver-remote, to a@r.test and
b@r.test unless it says otherwise.  One line a case is printed:
  CASE LETTERS STATUS… conns=N msgs=N tls=N rcpts=N clear=N s=SECONDS # TEXT
LETTERS: the fate of each recipient, K delivered (however it is called), D
refused for good, Z to be tried again; STATUS: their enhanced codes; msgs: whole
messages, equal to the one sent, that the server took responsibility for; rcpts:
recipients it has accepted in these; clear: how often it heard of mail or of a
login in clear text.  What each has to be, and why, stands in
hostile.bats.
"""
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

MESSAGE = b"Subject: x\r\n\r\none\r\n.two\r\n..\r\n"
LINE = b"y" * 900 + b"\r\n"
BIG = MESSAGE + LINE * 1000
HUGE = MESSAGE + LINE * 10000  # more than the sockets hold


class Closed(Exception):
    pass


class Session:
    """One connection: said(verb) gives the answer, which a case overrides."""

    def __init__(self, server, sock):
        self.server, self.case, self.sock = server, server.case, sock
        self.data, self.rcpts, self.count = b"", [], {}
        self.mail = False  # a transaction is open

    # Wire.
    def send(self, data):
        self.sock.sendall(data)

    def receive(self):
        part = self.sock.recv(65536)
        if not part:
            raise Closed
        self.data += part

    def line(self):
        while b"\r\n" not in self.data:
            self.receive()
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def octets(self, n):
        while len(self.data) < n:
            self.receive()
        got, self.data = self.data[:n], self.data[n:]
        return got

    def drop(self):
        raise Closed

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        raise Closed

    def hold(self):
        while True:
            self.receive()
            self.data = b""

    def flood(self, data):
        while True:
            self.send(data)

    def drip(self, data, seconds):
        for i in range(len(data)):
            self.send(data[i:i + 1])
            time.sleep(seconds)

    def start_tls(self):
        self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
        self.server.tls_count += 1

    # Protocol.
    def answer(self, verb, default):
        n = self.count[verb] = self.count.get(verb, 0) + 1
        what = self.case.get(verb, default)
        if isinstance(what, list):
            what = what[min(n, len(what)) - 1]
        if callable(what):
            what = what(self)
        if what is not None:
            self.send(what)
        return what or b""

    def message(self):
        """What stands behind 354, dots taken away; Closed when cut off."""
        text = bytearray(b"\r\n" + self.data)
        while (end := text.find(b"\r\n.\r\n", max(0, len(text) - 70000))) < 0:
            self.data = b""
            self.receive()
            text += self.data
        self.data = bytes(text[end + 5:])
        return bytes(text[:end + 2]).replace(b"\r\n.", b"\r\n")[2:]

    def took(self, text, answer):
        if answer[:1] == b"2":
            self.server.accepted += len(self.rcpts)
            if text == self.server.message:
                self.server.messages += 1
        self.rcpts, self.mail = [], False

    def command(self, line):
        verb = line.split(b" ")[0].upper().decode("latin-1")
        self.server.heard.append(line.decode("latin-1"))
        if verb in ("MAIL", "RCPT", "DATA", "BDAT", "AUTH"):
            self.server.clear += not isinstance(self.sock, ssl.SSLSocket)
        if verb == "STARTTLS":
            if self.answer(verb, b"220 go\r\n")[:3] == b"220":
                self.start_tls()
        elif verb == "MAIL":
            # 4.1.4: not within a transaction.
            default = b"503 5.5.1 nested\r\n" if self.mail else b"250 ok\r\n"
            self.mail |= self.answer(verb, default)[:1] == b"2"
        elif verb == "RCPT":
            if self.answer(verb, b"250 2.1.5 ok\r\n")[:1] == b"2":
                self.rcpts.append(line)
        elif verb == "DATA":
            default = b"354 go\r\n" if self.rcpts else b"503 no recipient\r\n"
            if self.answer(verb, default)[:3] == b"354":
                text = self.message()
                self.took(text, self.answer(".", b"250 2.0.0 taken\r\n"))
        elif verb == "BDAT":
            words = line.upper().split()
            self.server.chunks += self.octets(int(words[1]))
            last = words[-1] == b"LAST"
            got = self.answer("LAST" if last else "BDAT", b"250 ok\r\n")
            if last:
                self.took(self.server.chunks, got)
                self.server.chunks = b""
        elif verb == "QUIT":
            self.answer(verb, b"221 bye\r\n")
            raise Closed
        else:
            if verb in ("RSET", "EHLO", "HELO"):
                self.rcpts, self.mail = [], False
            self.answer(verb, b"250 ok\r\n")

    def run(self):
        self.answer("GREETING", b"220 there\r\n")
        while True:
            self.command(self.line())


class Server:
    def __init__(self, case, certs):
        self.case = case
        self.message = case.get("message", MESSAGE)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certs + "/cert.pem", certs + "/key.pem")
        self.connections = self.messages = self.accepted = 0
        self.tls_count = self.clear = 0
        self.heard, self.chunks = [], b""
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            sock.settimeout(20)
            session = Session(self, sock)
            again = self.case.get("again")
            if again is not None and self.connections > 1:
                session.case = again
            try:
                session.run()
            except (Closed, OSError, ValueError):
                pass
            session.sock.close()


def ehlo(*keywords):
    lines = [b"there"] + [k.encode("latin-1") for k in keywords]
    return b"".join(b"250-" + l + b"\r\n" for l in lines[:-1]) + \
        b"250 " + lines[-1] + b"\r\n"


def hang(s):
    s.hold()


def drop(s):
    s.drop()


def after(data, what):
    def both(s):
        s.send(data)
        what(s)
    return both


def stray_tls(s):
    s.send(b"220 go\r\n250-injected\r\n250 SIZE 1\r\n")
    s.hold()


def cut_data(s):
    s.send(b"354 go\r\n")
    s.octets(10)
    s.drop()


def reset_data(s):
    s.send(b"354 go\r\n")
    s.octets(10)
    s.reset()


def refuse_early(s):
    s.send(b"354 go\r\n")
    s.octets(100)
    s.send(b"552 5.3.4 too much\r\n")
    s.hold()


def stall_data(s):
    s.send(b"354 go\r\n")
    time.sleep(6)
    s.drop()


def slow_data(s):
    s.send(b"354 go\r\n")
    for _ in range(5):
        s.receive()
        time.sleep(0.3)


def broken_handshake(s):
    s.send(b"220 go\r\n")
    s.receive()
    s.send(b"this is no TLS at all\r\n")
    s.drop()


def silent_handshake(s):
    s.send(b"220 go\r\n")
    s.hold()


def cut_handshake(s):
    s.send(b"220 go\r\n")
    s.receive()
    s.drop()


def cut_tcp(s):
    """The end of TCP without the end of TLS."""
    fd = s.sock.detach()
    os.close(fd)
    raise Closed


PIPE = {"EHLO": ehlo("PIPELINING")}
TLS = {"EHLO": ehlo("STARTTLS")}
CLEAR = {"EHLO": ehlo("SIZE")}
CHUNKING = {"EHLO": ehlo("CHUNKING", "PIPELINING")}
ESC = b"\x1b[31m\x00\x07\x9b\xff\t"

CASES = {
    # greeting
    "greeting-none": {"GREETING": hang},
    "greeting-drop": {"GREETING": drop},
    "greeting-421": {"GREETING": b"421 4.3.2 later\r\n"},
    "greeting-554": {"GREETING": b"554 5.7.1 go away\r\n"},
    "greeting-521": {"GREETING": b"521 no mail here\r\n"},
    "greeting-multi": {"GREETING": b"220-one\r\n220-two\r\n220 three\r\n"},
    "greeting-octets": {"GREETING": lambda s: s.drip(b"220 there\r\n", 0.02)},
    "greeting-lf": {"GREETING": b"220 there\n"},
    "greeting-250": {"GREETING": b"250 there\r\n"},
    "greeting-354": {"GREETING": b"354 there\r\n"},
    "greeting-http": {"GREETING": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
    "greeting-ssh": {"GREETING": b"SSH-2.0-x\r\n"},
    "greeting-tls": {"GREETING": b"\x15\x03\x01\x00\x02\x02\x46"},
    "greeting-empty": {"GREETING": b"\r\n"},
    "greeting-bare-code": {"GREETING": b"220\r\n"},
    "greeting-drip": {"GREETING": lambda s: s.drip(b"220 " + b"x" * 400, 1)},
    "greeting-drip-lines": {"GREETING": lambda s: [
        (s.send(b"220-x\r\n"), time.sleep(0.5)) for _ in range(60)] and None},
    # replies
    "reply-endless": {"MAIL": lambda s: s.flood(b"250-x\r\n" * 1000)},
    "reply-endless-line": {"MAIL": lambda s: s.flood(b"x" * 65536)},
    "reply-64k": {"MAIL": (b"250-" + b"x" * 500 + b"\r\n") * 128 +
                  b"250 ok\r\n"},
    "reply-64k-line": {"MAIL": b"250 " + b"x" * 65536 + b"\r\n"},
    "reply-512": {"MAIL": b"250 " + b"x" * 506 + b"\r\n"},
    "reply-lf": {"MAIL": b"250 ok\n", "RCPT": b"250 ok\n",
                 "DATA": b"354 go\n", ".": b"250 ok\n"},
    "reply-000": {"MAIL": b"000 x\r\n"},
    "reply-999": {"MAIL": b"999 x\r\n"},
    "reply-199": {"MAIL": b"199 x\r\n"},
    "reply-2500": {"MAIL": b"2500 x\r\n"},
    "reply-25": {"MAIL": b"25 x\r\n"},
    "reply-text": {"MAIL": b"ok\r\n"},
    "reply-empty": {"MAIL": b"\r\n"},
    "reply-299": {"MAIL": b"299 x\r\n", ".": b"298 x\r\n"},
    "reply-599": {"MAIL": b"599 x\r\n"},
    "reply-354-mail": {"MAIL": b"354 x\r\n"},
    "reply-354-rcpt": {"RCPT": b"354 x\r\n"},
    "reply-mismatch": {"MAIL": b"250-a\r\n550 b\r\n"},
    "reply-unfinished": {"MAIL": after(b"250-a\r\n250-b\r\n", drop)},
    "reply-half": {"MAIL": after(b"250 o", drop)},
    "reply-half-5": {"MAIL": after(b"550 n", drop)},
    "reply-control": {"MAIL": b"550 5.7.1 a" + ESC + b"b\r\n"},
    "reply-control-ok": {".": b"250 2.0.0 a\x1b[2Jb\r\n"},
    "reply-forged-cr": {"RCPT": b"550 5.1.1 no\rK 2.0.0 forged\r\n"},
    "reply-forged-lf": {"RCPT": b"550-5.1.1 no\nK 2.0.0 forged\r\n"
                        b"550 5.1.1 no\r\n"},
    "reply-forged-lf-2": {"RCPT": b"550 5.1.1 no\nK 2.0.0 forged\r\n"},
    "reply-forged-nul": {"RCPT": b"550 5.1.1 no\0K 2.0.0 forged\r\n"},
    "reply-bare": {"RCPT": b"550\r\n"},
    "reply-bare-blank": {"RCPT": b"550 \r\n"},
    "reply-multi-blank": {"MAIL": b"250-\r\n250-\r\n250 \r\n"},
    "reply-utf8": {"RCPT": "550 5.1.1 geht nicht: ä\r\n".encode()},
    "reply-early": {"EHLO": b"250 there\r\n250 one too many\r\n",
                    "RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n"]},
    "reply-all-early": {"GREETING": after(
        b"220 there\r\n250 ehlo\r\n250 mail\r\n250 rcpt\r\n250 rcpt\r\n"
        b"354 go\r\n250 taken\r\n221 bye\r\n", hang)},
    "reply-421-early": {"EHLO": b"250 there\r\n421 4.4.2 idle too long\r\n"},
    # EHLO
    "ehlo-500": {"EHLO": b"500 what\r\n"},
    "ehlo-502": {"EHLO": b"502 what\r\n"},
    "ehlo-550": {"EHLO": b"550 no\r\n"},
    "ehlo-helo-550": {"EHLO": b"550 no\r\n", "HELO": b"550 5.7.1 no\r\n"},
    "ehlo-450": {"EHLO": b"450 4.7.0 later\r\n"},
    "ehlo-421": {"EHLO": b"421 4.3.2 later\r\n"},
    "ehlo-drop": {"EHLO": drop},
    "ehlo-none": {"EHLO": hang},
    "ehlo-garbage": {"EHLO": ehlo("", "=", "\xff\xfe", "SIZE=", "PIPELINING5",
                                  "A" * 500, "-", "SIZE x", "\tSTARTTLS",
                                  "STARTTLSX", "AUTH=", "AUTH ")},
    "ehlo-lower": {"EHLO": ehlo("size 5")},
    "ehlo-many": {"EHLO": ehlo(*["X-%d" % i for i in range(200)])},
    "ehlo-size-small": {"EHLO": ehlo("SIZE 10")},
    "ehlo-size-0": {"EHLO": ehlo("SIZE 0")},
    "ehlo-size-none": {"EHLO": ehlo("SIZE")},
    "ehlo-size-huge": {"EHLO": ehlo("SIZE 99999999999999999999999999")},
    "ehlo-size-minus": {"EHLO": ehlo("SIZE -1")},
    "ehlo-auth": {"EHLO": ehlo("AUTH PLAIN LOGIN", "AUTH=PLAIN")},
    # breaking off
    "mail-drop": {"MAIL": drop},
    "mail-none": {"MAIL": hang},
    "rcpt-drop": {"RCPT": drop},
    "rcpt-drop-second": {"RCPT": [b"250 ok\r\n", drop]},
    "rcpt-drop-refused": {"RCPT": [b"550 5.1.1 no\r\n", drop]},
    "data-drop": {"DATA": drop},
    "data-drop-refused": {"RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n"],
                          "DATA": drop},
    "data-cut": {"DATA": cut_data, "message": HUGE},
    "data-reset": {"DATA": reset_data, "message": HUGE},
    "data-stall": {"DATA": stall_data, "message": HUGE},
    "data-slow": {"DATA": lambda s: b"354 go\r\n", "message": BIG,
                  ".": lambda s: (time.sleep(1), b"250 ok\r\n")[1]},
    "data-none": {"DATA": hang},
    "dot-drop": {".": drop},
    "dot-reset": {".": lambda s: s.reset()},
    "dot-none": {".": hang},
    "dot-half": {".": after(b"250 2.0", drop)},
    "dot-unfinished": {".": after(b"250-2.0.0 ok\r\n", drop)},
    "quit-none": {"QUIT": hang},
    "quit-drop": {"QUIT": drop},
    "quit-550": {"QUIT": b"550 5.5.1 never\r\n"},
    "quit-421": {"QUIT": b"421 bye\r\n"},
    # refusing
    "mail-450": {"MAIL": b"450 4.7.1 grey\r\n"},
    "mail-550": {"MAIL": b"550 5.7.1 no\r\n"},
    "mail-421": {"MAIL": b"421 4.3.2 bye\r\n"},
    "mail-452": {"MAIL": b"452 4.3.1 full\r\n"},
    "mail-552": {"MAIL": b"552 5.3.4 big\r\n"},
    "mail-530": {"MAIL": b"530 5.7.0 Must issue a STARTTLS first\r\n"},
    "mail-555": {"MAIL": b"555 5.5.4 parameters\r\n", "EHLO": ehlo("SIZE")},
    "rcpt-450": {"RCPT": b"450 4.2.1 busy\r\n"},
    "rcpt-550": {"RCPT": b"550 5.1.1 no\r\n"},
    "rcpt-551": {"RCPT": b"551 5.1.6 try <c@other.test>\r\n"},
    "rcpt-553": {"RCPT": b"553 5.1.3 bad\r\n"},
    "rcpt-251": {"RCPT": b"251 will forward\r\n"},
    "rcpt-252": {"RCPT": b"252 will try\r\n"},
    "rcpt-421": {"RCPT": [b"250 ok\r\n", b"421 4.3.2 bye\r\n"]},
    "rcpt-550-421": {"RCPT": [b"550 5.1.1 no\r\n", b"421 4.3.2 bye\r\n"]},
    "rcpt-mixed": {"rcpts": 3, "RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n",
                                        b"451 4.7.1 later\r\n"]},
    "rcpt-mixed-pipe": dict(PIPE, rcpts=3, RCPT=[
        b"550 5.1.1 no\r\n", b"250 ok\r\n", b"451 4.7.1 later\r\n"]),
    "rcpt-452-then": {"RCPT": [b"250 ok\r\n", b"452 4.5.3 many\r\n",
                               b"250 ok\r\n"]},
    "rcpt-452-pipe": dict(PIPE, rcpts=4, RCPT=[
        b"250 ok\r\n", b"250 ok\r\n", b"452 4.5.3 many\r\n",
        b"452 4.5.3 many\r\n", b"250 ok\r\n"]),
    "rcpt-452-all": {"RCPT": b"452 4.5.3 many\r\n"},
    "rcpt-452-ever": {"rcpts": 3, "RCPT": [b"250 ok\r\n",
                                           b"452 4.5.3 many\r\n"]},
    "rcpt-552-many": {"RCPT": [b"250 ok\r\n", b"552 too many\r\n",
                               b"250 ok\r\n"]},
    "rcpt-none-354": dict(PIPE, RCPT=b"550 5.1.1 no\r\n",
                          DATA=b"354 go\r\n"),
    "pipe-mail-550": dict(PIPE, MAIL=b"550 5.7.1 no\r\n",
                          RCPT=b"503 5.5.1 first MAIL\r\n"),
    "pipe-mail-450": dict(PIPE, MAIL=b"450 4.7.1 later\r\n",
                          RCPT=b"503 5.5.1 first MAIL\r\n"),
    "pipe-drop": dict(PIPE, RCPT=[b"250 ok\r\n", drop]),
    "pipe-mail-550-354": dict(PIPE, MAIL=b"550 5.7.1 no\r\n",
                              RCPT=b"250 ok\r\n", DATA=b"354 go\r\n"),
    "pipe-early-end": dict(PIPE, DATA=b"354 go\r\n250 taken\r\n"),
    "pipe-452-data": dict(PIPE, RCPT=[b"250 ok\r\n", b"452 4.5.3 many\r\n"],
                          DATA=b"451 4.3.0 no\r\n"),
    "data-250": {"DATA": b"250 ok\r\n"},
    "data-450": {"DATA": b"451 4.3.0 not now\r\n"},
    "data-550": {"DATA": b"554 5.7.1 no\r\n"},
    "data-503": {"DATA": b"503 5.5.1 no recipients\r\n"},
    "data-421": {"DATA": b"421 4.3.2 bye\r\n"},
    "dot-450": {".": b"451 4.3.0 disk\r\n"},
    "dot-550": {".": b"554 5.6.0 no\r\n"},
    "dot-552": {".": b"552 5.3.4 big\r\n"},
    "dot-421": {".": b"421 4.3.2 bye\r\n"},
    "dot-354": {".": b"354 go on\r\n"},
    "dot-early": {"DATA": refuse_early, "message": HUGE},
    "dot-mixed": {"RCPT": [b"550 5.1.1 no\r\n", b"250 ok\r\n"],
                  ".": b"554 5.6.0 no\r\n"},
    # enhanced codes
    "code-2-in-5": {"RCPT": b"550 2.1.5 ok\r\n"},
    "code-5-in-2": {".": b"250 5.0.0 hm\r\n"},
    "code-5-in-4": {"RCPT": b"450 5.1.1 hm\r\n"},
    "code-4-in-5": {"RCPT": b"550 4.2.2 full\r\n"},
    "code-long": {"RCPT": b"550 5.1000.1 x\r\n"},
    "code-hole": {"RCPT": b"550 5..1 x\r\n"},
    "code-four": {"RCPT": b"550 5.1.1.1 x\r\n"},
    "code-alone": {"RCPT": b"550 5.1.1\r\n"},
    "code-multi": {"RCPT": b"550-5.1.1 one\r\n550 5.1.1 two\r\n"},
    "code-none": {"RCPT": b"550 no such user\r\n"},
    # TLS
    "tls": dict(TLS),
    "tls-454": dict(TLS, STARTTLS=b"454 4.7.0 not now\r\n"),
    "tls-501": dict(TLS, STARTTLS=b"501 no\r\n"),
    "tls-250": dict(TLS, STARTTLS=b"250 ok\r\n"),
    "tls-drop": dict(TLS, STARTTLS=drop, again=CLEAR),
    "tls-stray": dict(TLS, STARTTLS=stray_tls),
    "tls-broken": dict(TLS, STARTTLS=broken_handshake, again=CLEAR),
    "tls-silent": dict(TLS, STARTTLS=silent_handshake, again=CLEAR),
    "tls-cut": dict(TLS, STARTTLS=cut_handshake, again=CLEAR),
    "tls-ehlo-drop": dict(EHLO=[ehlo("STARTTLS"), drop]),
    "tls-ehlo-550": dict(EHLO=[ehlo("STARTTLS"), b"550 5.7.1 no\r\n"]),
    "tls-mail-cut": dict(TLS, MAIL=cut_tcp),
    "tls-dot-cut": {"EHLO": ehlo("STARTTLS"), ".": cut_tcp},
    "tls-quit-cut": dict(TLS, QUIT=cut_tcp),
    "tls-again": dict(TLS),
    "tls-forget": dict(EHLO=[ehlo("STARTTLS", "SIZE 5", "PIPELINING"),
                             b"250 there\r\n"]),
    "tls-mail-550": dict(TLS, MAIL=b"550 5.7.1 no\r\n"),
    "tls-big": dict(TLS, message=BIG),
    # extensions
    "chunking": dict(CHUNKING),
    "chunking-big": dict(CHUNKING, message=BIG),
    "chunking-bdat-554": dict(CHUNKING, BDAT=b"554 5.6.0 no\r\n",
                              LAST=b"554 5.6.0 no\r\n",
                              **{".": b"554 5.6.0 no\r\n"}),
    "chunking-bdat-451": dict(CHUNKING, BDAT=b"451 4.3.0 no\r\n",
                              LAST=b"451 4.3.0 no\r\n",
                              **{".": b"451 4.3.0 no\r\n"}),
    "chunking-500": dict(CHUNKING, BDAT=b"500 what\r\n",
                         LAST=b"500 what\r\n"),
    "chunking-452": dict(CHUNKING, BDAT=b"452 4.3.1 full\r\n",
                         LAST=b"452 4.3.1 full\r\n", message=BIG),
    "chunking-last-only": dict(CHUNKING, LAST=b"554 5.6.0 no\r\n",
                               message=BIG + BIG),
    "chunking-refused-at-end": dict(CHUNKING, BDAT=b"554 5.6.0 no\r\n",
                                    message=BIG + BIG),
    "chunking-354": dict(CHUNKING, LAST=b"354 more\r\n",
                         **{".": b"354 more\r\n"}),
    "chunking-pipe-no": dict(EHLO=ehlo("CHUNKING"), message=BIG + BIG),
    "chunking-drop": dict(CHUNKING, BDAT=drop, LAST=drop, **{".": drop}),
    "chunking-none": dict(CHUNKING, BDAT=hang, LAST=hang, **{".": hang}),
    "chunking-rcpt-550": dict(CHUNKING, RCPT=b"550 5.1.1 no\r\n",
                              LAST=b"503 5.5.1 no\r\n"),
    "dsn": {"EHLO": ehlo("DSN")},
    "all-offered": {"EHLO": ehlo(
        "PIPELINING", "SIZE 10000000", "ETRN", "ENHANCEDSTATUSCODES",
        "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING", "BINARYMIME", "XCLIENT",
        "LIMITS RCPTMAX=100", "DELIVERBY", "MT-PRIORITY", "REQUIRETLS")},
    "8bit": {"EHLO": ehlo("8BITMIME"),
             "message": b"Subject: x\r\n\r\n\xc3\xa4\r\n"},
    "8bit-missing": {"message": b"Subject: x\r\n\r\n\xc3\xa4\r\n"},
    "utf8-sender": {"EHLO": ehlo("SMTPUTF8", "8BITMIME"),
                    "sender": "änn@example.test"},
    "utf8-sender-missing": {"EHLO": ehlo("8BITMIME"),
                            "sender": "änn@example.test"},
    "utf8-rcpt-missing": {"EHLO": ehlo("8BITMIME"), "local": "jörg"},
}


# The cases published with "Why TLS is better without STARTTLS" (Poddebniak et
# al., USENIX Security 2021) for SMTP clients, and others of their kind, each for
# a route that asks for TLS and a login; and for one that does not.
SECURE = {"route": "tls=required auth=login"}
AUTH = "AUTH PLAIN LOGIN"
MANY = "AUTH 0SNET ANONYMOUS APOP CRAM-MD5 DIGEST-MD5 EXTERNAL GSSAPI LOGIN " \
    "MSN NTLM OAUTHBEARER OTP PLAIN SCRAM-SHA-1 SCRAM-SHA-256 SKEY XOAUTH2"
OFFER = dict(SECURE, EHLO=[ehlo("STARTTLS"), ehlo(AUTH)],
             AUTH=b"235 2.7.0 welcome\r\n")
STRAY = b"220 go\r\n250-injected\r\n250 " + AUTH.encode() + b"\r\n"


def nothing_else(data):
    """Sent at once instead of a handshake; then nothing more is said."""
    return after(data, hang)


def split_at(n):
    """The injected reply in two packets, the second one when the client has
    said its first word of TLS."""
    def play(s):
        s.send(STRAY[:n])
        s.receive()
        s.send(STRAY[n:])
        s.hold()
    return play


def answer(code):
    return b"%d what the attacker likes\r\n" % code


CASES.update({
    "east-good": dict(OFFER),
    "east-B_1": dict(OFFER, STARTTLS=nothing_else(STRAY)),
    "east-D_1": dict(SECURE, EHLO=answer(502), STARTTLS=answer(502)),
    "east-O_1": dict(SECURE, EHLO=ehlo(AUTH), STARTTLS=answer(502)),
    "east-O_2": dict(OFFER, STARTTLS=answer(502)),
    "east-O_3": dict(OFFER, STARTTLS=answer(454)),
    "east-O_4": dict(OFFER, STARTTLS=answer(354)),
    "east-X_1": dict(SECURE, EHLO=ehlo(MANY), STARTTLS=answer(502)),
    "east-ehlo-all": dict(SECURE, EHLO=ehlo(
        AUTH, "8BITMIME", "SIZE 1000000", "PIPELINING", "DSN", "CHUNKING")),
    "east-ehlo-empty": dict(SECURE, EHLO=ehlo()),
    "east-no-stray": dict(OFFER, route="", STARTTLS=nothing_else(STRAY)),
    "east-stray-auth": dict(OFFER, STARTTLS=nothing_else(
        b"220 go\r\n235 2.7.0 welcome\r\n250 ok\r\n250 ok\r\n354 go\r\n")),
    "east-stray-220": dict(OFFER, STARTTLS=nothing_else(
        b"220 go\r\n220 go on\r\n")),
    "east-stray-octet": dict(OFFER, STARTTLS=nothing_else(b"220 go\r\n2")),
    "east-stray-line": dict(OFFER, STARTTLS=nothing_else(b"220 go\r\n\r\n")),
    "east-preauth": dict(SECURE, GREETING=b"220 there\r\n235 2.7.0 welcome\r\n",
                         EHLO=ehlo("STARTTLS")),
    "east-early-220": dict(OFFER, EHLO=ehlo("STARTTLS") + b"220 go\r\n"),
    "east-broken": dict(OFFER, STARTTLS=broken_handshake, again=dict(
        SECURE, EHLO=ehlo(AUTH), AUTH=b"235 welcome\r\n")),
    "east-cut": dict(OFFER, STARTTLS=cut_handshake, again=dict(
        SECURE, EHLO=ehlo(AUTH), AUTH=b"235 welcome\r\n")),
    "east-kept": dict(SECURE, EHLO=[ehlo("STARTTLS", AUTH), ehlo()],
                      AUTH=b"235 welcome\r\n"),
    "east-checked": dict(OFFER, route="tls=checked auth=login"),
    "east-implicit": dict(OFFER, route="tls=implicit auth=login"),
    "east-auth-stripped": dict(SECURE, EHLO=ehlo(AUTH), route="auth=login",
                               AUTH=b"235 welcome\r\n"),
})
CASES.update({"east-ehlo-%d" % c: dict(SECURE, EHLO=answer(c), HELO=answer(c))
              for c in (220, 221, 354, 421, 500, 501, 502, 504, 530, 550)})
CASES.update({"east-greeting-%d" % c: dict(OFFER, GREETING=answer(c))
              for c in (220, 221, 354, 421, 500, 501, 530, 554)})
CASES.update({"east-starttls-%d" % c: dict(OFFER, STARTTLS=answer(c))
              for c in (220, 221, 354, 421, 454, 500, 501, 530)})
for c in 220, 221, 354, 421, 500, 501, 530:
    CASES["east-helo-%d" % c] = dict(SECURE, EHLO=answer(500), HELO=answer(c))
    CASES["east-quit-%d" % c] = dict(OFFER, GREETING=answer(500),
                                     QUIT=answer(c))
    CASES["east-rset-%d" % c] = dict(SECURE, EHLO=answer(500), RSET=answer(c))
for n in 8, 9, 13, len(STRAY) - 1:
    CASES["east-split-%d" % n] = dict(OFFER, STARTTLS=split_at(n))


def deliver(name, folder, certs):
    case = CASES[name]
    server = Server(case, certs)
    root = os.path.join(folder, name)
    os.mkdir(root)
    with open(root + "/routes", "w") as f:
        f.write("* [127.0.0.1]:%d %s\n" % (server.port, case.get("route", "")))
    with open(root + "/login", "w") as f:
        f.write("ann secret\n")
    os.chmod(root + "/login", 0o600)
    with open(root + "/msg", "wb") as f:
        f.write(server.message)
    rcpts = [case.get("local", "") + "%c@r.test" % c
             for c in b"abcdefgh"[:case.get("rcpts", 2)]]
    env = dict(os.environ, YUBIN_ROOT=root, REMOTE_TIMEOUT="3",
               TLS_TIMEOUT="2", CONNECT_TIMEOUT="5")
    start = time.monotonic()
    with open(root + "/msg", "rb") as f:
        p = subprocess.run(
            ["yubin-deliver-remote", "-i", "0abc", "-f",
             case.get("sender", "ann@example.test"), "r.test"] + rcpts,
            stdin=f, env=env, timeout=60, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
    seconds = time.monotonic() - start
    time.sleep(0.05)
    server.listener.close()
    return "%s %s" % (name, judge(p, len(rcpts))) + \
        " conns=%d msgs=%d tls=%d rcpts=%d clear=%d s=%d # %s%s" % (
            server.connections, server.messages, server.tls_count,
            server.accepted, server.clear, seconds, said(server), text_of(p))


def said(server):
    return "".join("<%s> " % re.sub("[^ -~]", "?", line[:80])
                   for line in server.heard[:12])


def text_of(p):
    lines = p.stdout.decode("latin-1").split("\n")
    return lines[0] if p.returncode == 0 else repr(p.stderr[-300:])


def judge(p, n):
    """Letters and codes, or what is wrong with the result."""
    out = p.stdout.decode("latin-1")
    lines = out[:-1].split("\n")
    if p.returncode or len(lines) != n or not out.endswith("\n"):
        return "? exit=%d lines=%d" % (p.returncode, len(lines))
    letters, codes = "", []
    for line in lines:
        m = re.match("^([KDZXRT]) ([245][.][0-9]{1,3}[.][0-9]{1,3}) [ -~]*$",
                     line)
        if not m or m.group(2)[0] != {"D": "5", "Z": "4"}.get(m.group(1), "2"):
            return "? " + repr(line)
        letters += m.group(1).translate(str.maketrans("XRT", "KKK"))
        codes.append(m.group(2))
    return letters + " " + " ".join(codes)


def main():
    certs, names = sys.argv[1], sys.argv[2:] or list(CASES)
    with tempfile.TemporaryDirectory() as folder:
        with ThreadPoolExecutor(8) as pool:
            for line in pool.map(lambda n: deliver(n, folder, certs), names):
                print(line, flush=True)
    # Threads that still wait for their client hold nobody up.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
