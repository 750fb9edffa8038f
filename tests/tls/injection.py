#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""STARTTLS and STLS of our servers against somebody in the middle.

usage: injection.py PROTOCOL:PORT…

PROTOCOL: smtp, imap, pop3, or the same served by a worker (tlsserver -w): worker,
which is smtp without a checker, imap-worker, pop3-worker.  Each case is one
connection or more; one line is printed for each, "PROTOCOL CASE VERDICT":
  refused    one negative reply in clear text, no TLS, the connection is closed
  answered   one negative reply, no TLS, and the session goes on
  dead       behind the positive reply nothing but TLS alerts, and the end
  tls        TLS, where nothing is said unasked, and is not offered again
  forgotten  the same, and nothing said before holds
  content    the octets were part of a message or a literal
What each has to be, and why, stands in injection.bats."""
import base64
import socket
import ssl
import sys
import warnings

warnings.simplefilter("ignore")  # old versions are meant

LOGIN = base64.b64encode(b"\0ann@example.test\0secret")


class Wrong(Exception):
    """What must not be; the text becomes the verdict."""


class Peer:
    """One connection; lines come without CRLF."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""

    def send(self, data):
        self.sock.sendall(data)

    def part(self):
        try:
            return self.sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            return b""
        except socket.timeout:
            raise Wrong("stuck") from None

    def line(self):
        while b"\r\n" not in self.data:
            got = self.part()
            if not got:
                raise Wrong("closed:%r" % self.data)
            self.data += got
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def rest(self):
        while got := self.part():
            self.data += got
        got, self.data = self.data, b""
        return got

    def tls(self, version=None, session=None):
        """The handshake; nothing may have been said before it."""
        if self.data:
            raise Wrong("early:%r" % self.data)
        self.sock = context(version).wrap_socket(self.sock, session=session)


def context(version=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    if version:
        c.set_ciphers("ALL:@SECLEVEL=0")
        c.minimum_version = c.maximum_version = version
    return c


CONTEXT = context(ssl.TLSVersion.TLSv1_2)  # for sessions that are resumed


def hello(version=None):
    """A ClientHello, as it goes over the wire."""
    out = ssl.MemoryBIO()
    try:
        context(version).wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def want(got, start):
    if not got.startswith(start):
        raise Wrong("%r" % got)
    return got


# ------------------------------------------------------------- the protocols

class Smtp:
    start, ok, no = b"STARTTLS\r\n", b"220 ", b"5"
    probe = b"NOOP injected\r\n"
    auth = b"AUTH PLAIN\r\n", b"334 "
    login = b"AUTH PLAIN " + LOGIN + b"\r\n", b"235 "

    def __init__(self, port):
        self.port = port

    def peer(self):
        p = Peer(self.port)
        want(p.line(), b"220 ")
        self.greet(p)
        return p

    def greet(self, p, name=b"x"):
        p.send(b"EHLO " + name + b"\r\n")
        words = []
        while (line := p.line())[3:4] == b"-":
            words.append(line[4:])
        return words + [line[4:]]

    def answer(self, p):
        """To the probe."""
        want(p.line(), b"250 2.0.0 Ok")

    def offered(self, p):
        return b"STARTTLS" in self.greet(p)

    def outside(self, p):
        p.send(b"MAIL FROM:<ann@example.test>\r\n")
        return p.line()[:3] in (b"530", b"503")


class Imap:
    start, ok, no = b"a STARTTLS\r\n", b"a OK", (b"a BAD", b"* BAD")
    probe = b"inj NOOP\r\n"
    auth = b"a AUTHENTICATE PLAIN\r\n", b"+ "
    login = b"a LOGIN ann@example.test secret\r\n", b"a OK"

    def __init__(self, port):
        self.port = port

    def peer(self):
        p = Peer(self.port)
        want(p.line(), b"* OK [CAPABILITY IMAP4rev1 ")
        return p

    def answer(self, p):
        want(p.line(), b"inj OK")

    def offered(self, p):
        p.send(b"cap CAPABILITY\r\n")
        line = want(p.line(), b"* CAPABILITY ")
        want(p.line(), b"cap OK")
        return b"STARTTLS" in line

    def outside(self, p):
        p.send(b"sel SELECT INBOX\r\n")
        return p.line().startswith(b"sel BAD")


class Pop3:
    start, ok, no = b"STLS\r\n", b"+OK", b"-ERR"
    probe = b"CAPA\r\n"
    auth = b"AUTH PLAIN\r\n", b"+ "
    login = b"AUTH PLAIN " + LOGIN + b"\r\n", b"+OK"

    def __init__(self, port):
        self.port = port

    def peer(self):
        p = Peer(self.port)
        want(p.line(), b"+OK")
        return p

    def answer(self, p):
        want(p.line(), b"+OK")
        words = []
        while (line := p.line()) != b".":
            words.append(line)
        return words

    def offered(self, p):
        p.send(b"CAPA\r\n")
        return b"STLS" in self.answer(p)

    def outside(self, p):
        p.send(b"STAT\r\n")
        return p.line().startswith(b"-ERR")


# -------------------------------------------------------------- the verdicts

def refused(r, p):
    lines = p.rest().split(b"\r\n")
    want(lines[0], r.no)
    # IMAP has a BYE as well.
    if [x for x in lines[1:] if x and not x.startswith(b"* BYE ")]:
        raise Wrong("%r" % lines)
    return "refused"


def answered(r, p):
    want(p.line(), r.no)
    p.send(r.probe)
    r.answer(p)
    return "answered"


def dead(p):
    """Only alerts of TLS (RFC 8446 5.1, 6)."""
    got = p.rest()
    while got:
        if got[:2] != b"\x15\x03" or len(got) < 7:
            raise Wrong("%r" % got)
        got = got[5 + int.from_bytes(got[3:5], "big"):]
    return "dead"


def tls(r, p):
    """Begin it behind the reply, and see that it is as it should be."""
    want(p.line(), r.ok)
    p.tls()
    p.send(r.probe)
    r.answer(p)
    if r.offered(p):
        raise Wrong("offered again")
    return "tls"


def started(r):
    p = r.peer()
    p.send(r.start)
    want(p.line(), r.ok)
    return p


def logged_in(r):
    p = r.peer()
    p.send(r.login[0])
    want(p.line(), r.login[1])
    return p


# ----------------------------------------------------------------- the cases

def inject(r):
    p = r.peer()
    p.send(r.start + r.probe)
    return refused(r, p)


def inject_split(r):
    """At each octet; either half may be what is looked at first."""
    text = r.start + r.probe
    for i in range(1, len(text)):
        p = r.peer()
        p.send(text[:i])
        if i == len(r.start):
            want(p.line(), r.ok)
            p.send(text[i:])
            dead(p)
            continue
        try:
            p.send(text[i:])
        except (ConnectionResetError, BrokenPipeError):
            continue
        got = p.rest()
        first, rest = got.split(b"\r\n", 1)
        if i > len(r.start) and first.startswith(r.ok):
            p.data = rest
            dead(p)
        else:
            p.data = got
            refused(r, p)
    return "refused"


def inject_hello(r):
    p = r.peer()
    p.send(r.start + hello())
    return refused(r, p)


def inject_twice(r):
    p = r.peer()
    p.send(r.start + r.start)
    return refused(r, p)


def inject_part(r):
    p = r.peer()
    p.send(r.start + r.probe[:3])
    return refused(r, p)


def inject_line(r):
    p = r.peer()
    p.send(r.start + b"\r\n")
    return refused(r, p)


def after_reply(r):
    p = started(r)
    p.send(r.probe + hello())
    return dead(p)


def garbage(r):
    p = started(r)
    p.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + r.probe)
    return dead(p)


def half_hello(r):
    p = started(r)
    p.send(hello()[:100])
    p.sock.shutdown(socket.SHUT_WR)
    return dead(p)


def old_hello(r):
    p = started(r)
    p.send(hello(ssl.TLSVersion.TLSv1))
    alert = p.part()
    if alert[:2] != b"\x15\x03":
        raise Wrong("%r" % alert)
    try:
        p.send(r.probe)
    except OSError:
        pass
    return dead(p)


def close_notify(r):
    p = started(r)
    p.tls()
    p.send(r.probe)
    r.answer(p)
    try:
        p.sock = p.sock.unwrap()
    except (OSError, ssl.SSLError):
        raise Wrong("no close_notify") from None
    try:
        p.send(r.probe)
    except OSError:
        pass
    return dead(p)


def clear_inside(r):
    """Clear text amid the records of TLS."""
    p = started(r)
    p.tls()
    p.send(r.probe)
    r.answer(p)
    raw = socket.socket(fileno=p.sock.detach())
    raw.settimeout(10)
    p.sock = raw
    p.send(r.probe)
    got = p.rest()
    # What comes are records, not what the program says.
    if got and got[0] not in (0x15, 0x17):
        raise Wrong("%r" % got)
    return "dead"


def arguments(r):
    p = r.peer()
    p.send(r.start[:-2] + b" now\r\n")
    return answered(r, p)


def bare_lf(r):
    p = r.peer()
    p.send(r.start[:-2] + b"\n")
    want(p.line(), r.no)
    return "answered" if r.no != b"5" else \
        "refused" if not p.rest() else "goes on"


def nul(r):
    p = r.peer()
    p.send(r.start[:-2] + b"\0\r\n")
    return answered(r, p)


def before(r):
    """The last one of a packet: RFC 2920 3.1 allows that."""
    p = r.peer()
    p.send(r.probe + r.start)
    r.answer(p)
    return tls(r, p)


def lower(r):
    p = r.peer()
    p.send(r.start.lower())
    return tls(r, p)


def inside(r):
    p = r.peer()
    if not r.offered(p):
        raise Wrong("not offered")
    p.send(r.start)
    tls(r, p)
    p.send(r.start)
    return answered(r, p)


def sasl(r):
    p = r.peer()
    p.send(r.auth[0])
    want(p.line(), r.auth[1])
    p.send(r.start)
    return answered(r, p)


def sasl_cut(r):
    """A response begun in clear text does not go on inside TLS."""
    p = r.peer()
    p.send(r.auth[0])
    want(p.line(), r.auth[1])
    p.send(LOGIN[:8] + b"\r\n")
    want(p.line(), r.no)
    p.send(r.start)
    tls(r, p)
    p.send(LOGIN[8:] + b"\r\n")
    line = p.line()
    if b" BAD " not in line:  # its tag is what was sent
        want(line, r.no)
    return "forgotten" if r.outside(p) else "kept"


def resumed(r):
    """A session of TLS is no session of ours."""
    p = started(r)
    p.sock = CONTEXT.wrap_socket(p.sock)
    if isinstance(r, Smtp):
        r.greet(p)
    p.send(r.login[0])
    want(p.line(), r.login[1])
    session = p.sock.session
    p = started(r)
    p.sock = CONTEXT.wrap_socket(p.sock, session=session)
    if not p.sock.session_reused:
        raise Wrong("not resumed")
    if isinstance(r, Smtp):
        r.greet(p)
    return "forgotten" if r.outside(p) else "kept"


COMMON = [inject, inject_split, inject_hello, inject_twice, inject_part,
          inject_line, after_reply, garbage, half_hello, old_hello,
          close_notify, clear_inside, arguments, bare_lf, nul, before, lower,
          inside]
WITH_LOGIN = [sasl, sasl_cut, resumed]


# ---------------------------------------------------------------------- SMTP

def ehlo_forgotten(r):
    p = started(r)
    p.tls()
    p.send(b"MAIL FROM:<>\r\n")
    want(p.line(), b"503 ")
    return "forgotten"


def mail_forgotten(r):
    p = r.peer()
    p.send(b"MAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\n")
    want(p.line(), b"250 ")
    want(p.line(), b"250 ")
    p.send(r.start)
    tls(r, p)
    p.send(b"RCPT TO:<bob@example.test>\r\nDATA\r\n")
    want(p.line(), b"503 ")
    want(p.line(), b"503 ")
    return "forgotten"


def login_forgotten(r):
    p = logged_in(r)
    p.send(r.start)
    tls(r, p)
    p.send(b"MAIL FROM:<ann@example.test>\r\n")
    want(p.line(), b"530 ")
    p.send(r.login[0])
    want(p.line(), b"235 ")
    return "forgotten"


def in_data(r):
    p = logged_in(r) if isinstance(r, Submission) else r.peer()
    p.send(b"MAIL FROM:<ann@example.test>\r\nRCPT TO:<ann@example.test>\r\n"
           b"DATA\r\n")
    for start in b"250 ", b"250 ", b"354 ":
        want(p.line(), start)
    p.send(b"Subject: x\r\n\r\n" + r.start + r.probe + b".\r\n")
    want(p.line(), b"250 2.0.0 Ok")
    p.send(b"QUIT\r\n")
    want(p.rest(), b"221 ")
    return "content"


def in_login_name(r):
    p = r.peer()
    p.send(b"AUTH LOGIN\r\n")
    want(p.line(), b"334 ")
    p.send(base64.b64encode(b"ann@example.test") + b"\r\n")
    want(p.line(), b"334 ")
    p.send(r.start)
    return answered(r, p)


class Submission(Smtp):
    pass


# ---------------------------------------------------------------------- IMAP

def literal(r):
    p = r.peer()
    p.send(b"a LOGIN {12}\r\n")
    want(p.line(), b"+ ")
    p.send(b"a STARTTLS\r\n x\r\n")
    want(p.line(), b"a NO [AUTHENTICATIONFAILED]")
    p.send(r.probe)
    r.answer(p)
    return "content"


def literal_plus(r):
    p = r.peer()
    p.send(b"a LOGIN {12+}\r\na STARTTLS\r\n x\r\n")
    want(p.line(), b"a NO [AUTHENTICATIONFAILED]")
    return "content"


def literal_argument(r):
    p = r.peer()
    p.send(b"a STARTTLS {5+}\r\nhello\r\n")
    return answered(r, p)


def literal_across(r):
    """Begun in clear text: a handshake does not end it."""
    p = r.peer()
    octets = hello()
    p.send(b"a LOGIN {%d}\r\n" % len(octets))
    want(p.line(), b"+ ")
    p.send(octets + b" x\r\n")
    want(p.line(), (b"a NO", b"a BAD"))
    p.send(r.probe)
    r.answer(p)
    return "content"


def tag_again(r):
    p = r.peer()
    p.send(b"a ID NIL\r\n")
    want(p.line(), b"* ID ")
    want(p.line(), b"a OK")
    p.send(r.start)
    tls(r, p)
    p.send(b"a CAPABILITY\r\n")
    want(p.line(), b"* CAPABILITY ")
    want(p.line(), b"a OK")
    return "tls"


def after_login(r):
    p = logged_in(r)
    p.send(r.start)
    return answered(r, p)


def in_append(r):
    p = logged_in(r)
    p.send(b"b APPEND INBOX {26}\r\n")
    want(p.line(), b"+ ")
    p.send(b"Subject: x\r\n\r\n" + r.start + b"\r\n")
    want(p.line(), b"b OK")
    return "content"


def in_idle(r):
    p = logged_in(r)
    p.send(b"b IDLE\r\n")
    want(p.line(), b"+ ")
    p.send(r.start)
    want(p.line(), b"b BAD")
    p.send(b"c NOOP\r\n")
    want(p.line(), b"c OK")
    return "answered"


# ---------------------------------------------------------------------- POP3

def user_forgotten(r):
    p = r.peer()
    p.send(b"USER ann@example.test\r\n")
    want(p.line(), b"+OK")
    p.send(r.start)
    tls(r, p)
    p.send(b"PASS secret\r\n")
    want(p.line(), b"-ERR")
    return "forgotten"


CASES = {
    "smtp": (Submission, COMMON + WITH_LOGIN + [
        login_forgotten, in_data, in_login_name]),
    "worker": (Smtp, COMMON + [ehlo_forgotten, mail_forgotten, in_data]),
    "imap": (Imap, COMMON + WITH_LOGIN + [
        literal, literal_plus, literal_argument, literal_across, tag_again,
        after_login, in_append, in_idle]),
    "pop3": (Pop3, COMMON + WITH_LOGIN + [user_forgotten, after_login]),
}


def main():
    for word in sys.argv[1:]:
        name, port = word.split(":")
        kind, cases = CASES[name if name == "worker" else
                            name.removesuffix("-worker")]
        for case in cases:
            try:
                verdict = case(kind(int(port)))
            except Wrong as e:
                verdict = "WRONG " + str(e)
            except OSError as e:
                verdict = "WRONG %r" % e
            print(name, case.__name__.replace("_", "-"), verdict, flush=True)


if __name__ == "__main__":
    main()
