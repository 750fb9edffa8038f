# SPDX-License-Identifier: ISC
# SASL over IMAP, POP3 and SMTP, client's side: the framing, and SCRAM-SHA-256
# (RFC 5802, RFC 7677) of its own making, which can be told to do it wrong.
import base64
import hashlib
import hmac
import os
import socket
import ssl
import subprocess


def b64(data):
    return base64.b64encode(data).decode()


class Wire:
    """A program on a socketpair, or a server on a TCP port."""

    def __init__(self, argv=None, env=None, port=None, tls=None):
        self.proc = None
        if port:
            self.sock = socket.create_connection(('127.0.0.1', port))
        else:
            self.sock, theirs = socket.socketpair()
            self.proc = subprocess.Popen(argv, stdin=theirs, stdout=theirs,
                                         env=dict(os.environ, **(env or {})))
            theirs.close()
        self.sock.settimeout(20)
        if tls:
            self.start_tls(tls)
        self.left = b''

    def start_tls(self, context):
        self.sock = context.wrap_socket(self.sock, server_hostname='localhost')

    def line(self):
        while b'\r\n' not in self.left:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError('closed behind %r' % self.left)
            self.left += got
        one, self.left = self.left.split(b'\r\n', 1)
        return one.decode()

    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        self.sock.sendall(data + b'\r\n')

    def end(self):
        self.sock.close()
        if self.proc:
            self.proc.wait(20)


class Client:
    """What the protocols share.  begin() and answer() return what the test cases
    know a result by, and its line or challenge."""

    def __init__(self, wire):
        self.w = wire
        wire.line()  # the greeting

    def begin(self, mechanism, initial, command='AUTH'):
        self.w.send(command + ' ' + mechanism +
                    ('' if initial is None else ' ' + (initial or '=')))
        return self.answer()


class Imap(Client):
    results = {'OK': 'ok', 'BAD': 'bad'}
    n = 0

    def capabilities(self):
        self.w.send('c CAPABILITY')
        words = self.w.line().split()
        self.w.line()
        return [w[5:] for w in words if w.startswith('AUTH=')]

    def starttls(self, context):
        self.w.send('s STARTTLS')
        assert self.w.line().startswith('s OK')
        self.w.start_tls(context)

    def begin(self, mechanism, initial):
        self.n += 1
        return super().begin(mechanism, initial, 'a%d AUTHENTICATE' % self.n)

    def answer(self):
        text = self.w.line()
        if text.startswith('+ ') or text == '+':
            return '+', text[2:]
        tag, result = text.split()[:2]
        assert tag == 'a%d' % self.n, text
        if 'AUTHENTICATIONFAILED' in text:
            return 'no', text
        return self.results.get(result, 'unknown'), text


class Pop3(Client):
    def capabilities(self):
        found = []
        self.w.send('CAPA')
        text = self.w.line()
        while text != '.':
            if text.startswith('SASL '):
                found = text.split()[1:]
            text = self.w.line()
        return found

    def starttls(self, context):
        self.w.send('STLS')
        assert self.w.line().startswith('+OK')
        self.w.start_tls(context)

    def answer(self):
        text = self.w.line()
        if text.startswith('+ ') or text == '+':
            return '+', text[2:]
        if text.startswith('+OK'):
            return 'ok', text
        if 'No such mechanism' in text:
            return 'unknown', text
        return 'no' if text.startswith('-ERR [AUTH]') else 'bad', text


class Smtp(Client):
    results = {'235': 'ok', '535': 'no', '501': 'bad', '504': 'unknown'}

    def capabilities(self):
        found = []
        self.w.send('EHLO x')
        while True:
            text = self.w.line()
            if text[4:].startswith('AUTH '):
                found = text.split()[1:]
            if text[3] == ' ':
                return found

    def starttls(self, context):
        self.capabilities()
        self.w.send('STARTTLS')
        assert self.w.line().startswith('220')
        self.w.start_tls(context)

    def answer(self):
        text = self.w.line()
        if text.startswith('334'):
            return '+', text[4:]
        return self.results.get(text[:3], text[:3]), text


PROTOCOLS = {'imap': Imap, 'pop3': Pop3, 'smtp': Smtp}


def respond(p, text):
    p.w.send(text)
    return p.answer()


def scram(p, user, password, flag='n', binding=b'', authzid='', plus=None,
          ir=True, final=None, proof=None, last='', nonce=None):
    """One exchange.  Returns the result and the line or what else is wrong.
    final, proof: functions that spoil what is sent."""
    name = 'SCRAM-SHA-256'
    if plus if plus is not None else flag.startswith('p='):
        name += '-PLUS'
    nonce = nonce or b64(os.urandom(12))
    gs2 = flag + ',' + (authzid and 'a=' + authzid) + ','
    bare = 'n=%s,r=%s' % (user.replace('=', '=3D').replace(',', '=2C'), nonce)
    initial = b64((gs2 + bare).encode())
    what, text = p.begin(name, initial if ir else None)
    if not ir:
        if what != '+':
            return what, text
        if text != '':
            return 'wrong', 'a challenge before the message: ' + text
        what, text = respond(p, initial)
    if what != '+':
        return what, text
    server_first = base64.b64decode(text, validate=True).decode()
    p.server_first = server_first
    r, s, i = (a.split('=', 1) for a in server_first.split(','))
    if (r[0], s[0], i[0]) != ('r', 's', 'i') or not r[1].startswith(nonce) \
            or len(r[1]) < len(nonce) + 18:
        return 'wrong', server_first
    salted = hashlib.pbkdf2_hmac('sha256', password.encode(),
                                 base64.b64decode(s[1]), int(i[1]))
    client_key = hmac.digest(salted, b'Client Key', 'sha256')
    stored = hashlib.sha256(client_key).digest()
    without = 'c=%s,r=%s' % (b64(gs2.encode() + binding), r[1])
    if final:
        without = final(without)
    auth = ','.join((bare, server_first, without)).encode()
    signature = hmac.digest(stored, auth, 'sha256')
    mine = b64(bytes(a ^ b for a, b in zip(client_key, signature)))
    message = without + ',p=' + (proof(mine) if proof else mine)
    p.final = message
    what, text = respond(p, b64(message.encode()))
    if what != '+':
        return what, text
    server_key = hmac.digest(salted, b'Server Key', 'sha256')
    want = 'v=' + b64(hmac.digest(server_key, auth, 'sha256'))
    if base64.b64decode(text).decode() != want:
        return 'wrong', 'the server does not know the password'
    return respond(p, last)


def contexts(version=None):
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    if version:
        c.minimum_version = c.maximum_version = version
    return c


def end_point(wire):
    """tls-server-end-point of a certificate signed with SHA-256."""
    return hashlib.sha256(wire.sock.getpeercert(True)).digest()
