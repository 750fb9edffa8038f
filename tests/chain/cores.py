# SPDX-License-Identifier: ISC
"""cores.py ROOT: serve sessions of bob, then look into the memory of every
process that serves ann: the private key, the keys of session tickets, password
hashes and keys, bob's password, and bob's mail must not be there.  Needs root.
Prints what it found."""
import base64
import glob
import hashlib
import hmac
import imaplib
import os
import poplib
import re
import smtplib
import socket
import ssl
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             '../sasl'))
from wire import PROTOCOLS, Wire, scram  # noqa: E402

ROOT = sys.argv[1]
BIN = os.environ['BIN']
DOMAIN = 'example.test'
BOB = 'bobs-own-password-7791'
ANN = 'anns-own-password-3342'
PASSWORDS = {'ann': ANN, 'bob': BOB}
MAIL = 'only-bob-may-read-this-5518'


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


STARTED = []


def serve(mode, *program, worker=False):
    port = free_port()
    p = subprocess.Popen(
        [f'{BIN}/yubin-tlsserver', '-t', mode, *(['-w'] if worker else []),
         '-U', '127.0.0.1', str(port), *program], stdin=subprocess.DEVNULL,
        stderr=open(f'{ROOT}/../log', 'a'))
    STARTED.append(p)
    for _ in range(300):
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return port
        except OSError:
            time.sleep(0.05)
    raise SystemExit('no server')


def children(pid):
    out = []
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/children') as f:
            for child in f.read().split():
                out += [int(child)] + children(int(child))
    return out


def image(pid):
    """All memory that may be read, as gcore(1) would write it."""
    parts = []
    with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb') as m:
        for line in maps:
            at, end, mode = re.match(r'(\w+)-(\w+) (\S+)', line).groups()
            if mode[0] != 'r' or '[v' in line:
                continue
            try:
                m.seek(int(at, 16))
                parts.append(m.read(int(end, 16) - int(at, 16)))
            except (OSError, ValueError):
                pass
    return b'\0'.join(parts)


def needles():
    """What to look for, by name."""
    pem = open(f'{ROOT}/tls/key.pem').read()
    text = subprocess.run(['openssl', 'pkey', '-in', f'{ROOT}/tls/key.pem',
                           '-noout', '-text'], stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    private = re.search(r'priv:\s*((?:[0-9a-f]{2}[:\s]*)+)', text)
    octets = bytes.fromhex(re.sub(r'[:\s]', '', private.group(1)))[-32:]
    lines = [x for x in pem.split('\n') if x and not x.startswith('-')]
    found = {'key': octets[8:24], 'key (as a number)': octets[::-1][8:24],
             'key (PEM)': lines[0][-24:].encode(),
             "bob's password": BOB.encode(), "bob's mail": MAIL.encode(),
             "bob's password (base64)":
             base64.b64encode(b'\0bob@example.test\0' + BOB.encode())[8:40]}
    found.update(secrets())
    assert any('hash of ann' in name for name in found)
    return found


def secrets():
    """Of all accounts, in whatever file: the end of each secret, and what its
    base64 stands for, but for salts, which are shorter and no secrets."""
    found = {}
    for path in glob.glob(f'{ROOT}/domains/**', recursive=True):
        if not os.path.isfile(path):
            continue
        for name, scheme, secret in re.findall(
                r'(?m)^([^:\n]*):.*?\{([A-Z0-9.-]+)\}([^:\s]+)',
                open(path, errors='replace').read()):
            found[f'hash of {name} ({path[len(ROOT):]})'] = \
                secret[-30:].encode()
            for i, part in enumerate(re.split('[,$]', secret)):
                if scheme.startswith('SCRAM') and len(part) > 26:
                    found[f'key {i} of {name}'] = \
                        base64.b64decode(part)[:20]
            if scheme == 'SCRAM-SHA-256' and name in PASSWORDS:
                found.update(derived(name, secret))
    return found


def derived(name, secret):
    """What is known only while a password is checked (RFC 5802 3)."""
    iterations, salt = secret.split(',')[:2]
    salted = hashlib.pbkdf2_hmac('sha256', PASSWORDS[name].encode(),
                                 base64.b64decode(salt), int(iterations))
    client = hmac.digest(salted, b'Client Key', 'sha256')
    return {f'salted password of {name}': salted[:20],
            f'client key of {name}': client[:20]}


def ticket_keys(server, port, starttls):
    """The two keys of the server's tickets: in its memory they stand behind
    their name, which every ticket begins with (RFC 5077 4)."""
    path = f'{ROOT}/../session'
    subprocess.run(
        ['openssl', 's_client', '-tls1_2', '-connect', f'127.0.0.1:{port}',
         '-sess_out', path, *(['-starttls', starttls] if starttls else [])],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, timeout=60)
    text = subprocess.run(['openssl', 'sess_id', '-in', path, '-noout',
                           '-text'], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    first = re.search(r'0000 - ((?:[0-9a-f]{2}[ -]){16})', text)[1]
    name = bytes.fromhex(re.sub('[ -]', '', first))
    memory = image(server)
    at = memory.index(name) + len(name)
    keys = memory[at:at + 64]
    assert len(set(keys)) > 20
    return {f'ticket key ({port})': keys[:32],
            f'ticket key of HMAC ({port})': keys[32:]}


def sessions(ports, name, password):
    """One of each kind, logged in; the mail's text is the user's own."""
    address = f'{name}@{DOMAIN}'
    text = MAIL if name == 'bob' else 'a mail of ann'
    smtp, submission, imap, imaps, pop3s, imap_worker, pop3_worker = ports
    out = []
    for port, user in (smtp, None), (smtp, None), (submission, address):
        s = smtplib.SMTP('127.0.0.1', port, timeout=60)
        s.ehlo()
        if port == submission or name == 'ann' or out:
            s.starttls(context=context())
            s.ehlo()
        if user:
            s.login(user, password)
        s.sendmail(address, [address], f'Subject: {text}\r\n\r\n{text}\r\n')
        out.append(s)
    for m in imaplib.IMAP4('127.0.0.1', imap), imaplib.IMAP4_SSL(
            '127.0.0.1', imaps, ssl_context=context()), imaplib.IMAP4_SSL(
            '127.0.0.1', imap_worker, ssl_context=context()):
        if not isinstance(m, imaplib.IMAP4_SSL):
            m.starttls(context())
        m.login(address, password)
        m.append('INBOX', '', None, f'Subject: {text}\n\n{text}\n'.encode())
        m.select()
        m.fetch('1:*', '(BODY[])')
        out.append(m)
    for protocol, port in (('imap', imaps), ('pop3', pop3s),
                           ('imap', imap_worker), ('pop3', pop3_worker)):
        p = PROTOCOLS[protocol](Wire(port=port, tls=context()))
        got = scram(p, address, password)
        assert got[0] == 'ok', got
        out.append(p)
    for port in pop3s, pop3_worker:
        p = poplib.POP3_SSL('127.0.0.1', port, context=context())
        p.user(address)
        p.pass_(password)
        p.retr(1)
        out.append(p)
    return out


def end(session):
    if hasattr(session, 'w'):
        session.w.end()
        return
    for name in 'quit', 'logout':
        if hasattr(session, name):
            getattr(session, name)()
            return


def main():
    for user, password in ('ann', ANN), ('bob', BOB):
        subprocess.run([f'{BIN}/yubin', 'user', 'passwd', f'{user}@{DOMAIN}'],
                       input=password, text=True, check=True,
                       stdout=subprocess.DEVNULL)
    check = f'{BIN}/yubin-checkpw'
    ports = [
        serve('starttls', f'{BIN}/yubin-smtpd', '-w', worker=True),
        serve('starttls', f'{BIN}/yubin-smtpd', check),
        serve('starttls', f'{BIN}/yubin-imap-login', check, f'{BIN}/yubin-imapd'),
        serve('tls', f'{BIN}/yubin-imap-login', check, f'{BIN}/yubin-imapd'),
        serve('tls', f'{BIN}/yubin-pop3-login', check, f'{BIN}/yubin-pop3d'),
        serve('tls', f'{BIN}/yubin-imap-login', '-w', check,
              f'{BIN}/yubin-imapd', worker=True),
        serve('tls', f'{BIN}/yubin-pop3-login', '-w', check,
              f'{BIN}/yubin-pop3d', worker=True)]
    for session in sessions(ports, 'bob', BOB):
        end(session)
    open_ones = sessions(ports, 'ann', ANN)
    # Before the login, too: the login programs are front processes.
    waiting = [imaplib.IMAP4('127.0.0.1', ports[2]),
               imaplib.IMAP4_SSL('127.0.0.1', ports[3], ssl_context=context())]
    # And amid one of bob's, whose keys the checker has: it meets nobody.
    half = PROTOCOLS['imap'](Wire(port=ports[3], tls=context()))
    assert half.begin('SCRAM-SHA-256', base64.b64encode(
        f'n,,n=bob@{DOMAIN},r=half'.encode()).decode())[0] == '+'
    waiting.append(half)
    checkers, look_for, n, found = 0, needles(), 0, 0
    for server, port, starttls in zip(STARTED, ports, (
            'smtp', 'smtp', 'imap', None, None, None, None)):
        look_for.update(ticket_keys(server.pid, port, starttls))
    for server in STARTED:
        # It listens, reads nothing from anybody, and keeps the key for those
        # that it forks.
        with_key = {'key', 'key (as a number)', 'key (PEM)'} | {
            name for name in look_for if name.startswith('ticket')}
        for pid in [server.pid] + children(server.pid):
            exe = os.path.basename(os.readlink(f'/proc/{pid}/exe'))
            memory = image(pid)
            if exe == 'yubin-checkpw':
                checkers += memory.count(look_for['key 3 of bob'])
                continue
            n += 1
            for name, octets in look_for.items():
                if pid == server.pid and name in with_key:
                    continue
                hits = memory.count(octets)
                if hits:
                    found += 1
                    print(f'{exe} {pid} ({len(memory)} octets): {name}: {hits}')
    # Finding nothing means something only if there is something to find.
    control = image(os.getpid())
    assert checkers
    assert control.count(BOB.encode()) and control.count(MAIL.encode())
    print(f'{n} processes, {len(look_for)} secrets, {found} found')
    del open_ones, waiting
    for p in STARTED:
        p.terminate()
    for p in STARTED:
        p.terminate()
        p.wait()
    return 1 if found or n < 20 else 0


sys.exit(main())
