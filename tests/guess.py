# SPDX-License-Identifier: ISC
# Guessers of passwords against a real server, in three figures:
#   guess.py BIN [SECONDS [TRIES]]
# how many guesses 64 guessers at one address get in SECONDS (60), how long
# people elsewhere wait for their login meanwhile, and whether the time of a
# failed login tells an account that exists from one that does not (TRIES,
# 10000).  Addresses are those of 127.0.0.0/8.  Prints one line; fails when a
# figure is worse than promised.
import os
import random
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

BIN = os.path.abspath(sys.argv[1])
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 60
TRIES = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
GUESSERS = 64
GUESSES_MOST = 30  # a minute
P99_MOST = 0.300
DIFFERENCE_MOST = 0.05
DOMAIN = 'example.test'

tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
tls.check_hostname = False
tls.verify_mode = ssl.CERT_NONE


class Server:
    """tlsserver with imap-login on a free port."""

    def __init__(self, root, **env):
        self.log = os.path.join(root, 'guess.log')
        port = os.path.join(root, 'port')
        if os.path.exists(port):
            os.unlink(port)
        self.err = open(self.log, 'ab')
        self.proc = subprocess.Popen(
            ['yubin-tlsserver', '-U', '-t', 'tls', '-p', port, '127.0.0.1',
             '0', 'yubin-imap-login', 'yubin-checkpw', 'yubin-imapd'],
            env=dict(os.environ, **env), stderr=self.err)
        until = time.monotonic() + 10
        while not os.path.exists(port) or not os.path.getsize(port):
            if time.monotonic() > until or self.proc.poll() is not None:
                raise SystemExit('the server does not start: ' + self.log)
            time.sleep(0.02)
        with open(port) as f:
            self.port = int(f.read().split()[-1])

    def stop(self):
        # The second one ends also those with sessions open.
        for _ in range(2):
            self.proc.terminate()
            time.sleep(0.1)
        self.proc.wait()
        self.err.close()

    def count(self, pattern):
        with open(self.log, errors='replace') as f:
            return sum(1 for line in f if re.search(pattern, line))


class Client:
    """One connection of IMAP over TLS."""

    def __init__(self, server, source, timeout=120):
        s = socket.socket()
        s.bind((source, 0))
        s.settimeout(timeout)
        s.connect(('127.0.0.1', server.port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.s = tls.wrap_socket(s)
        self.f = self.s.makefile('rb')
        if not self.f.readline().startswith(b'* OK'):
            raise OSError('no greeting')

    def login(self, user, password):
        self.s.sendall(b'a LOGIN "%s" "%s"\r\n' %
                       (user.encode(), password.encode()))
        while True:
            line = self.f.readline()
            if not line:
                raise OSError('closed')
            if line.startswith(b'a '):
                return line.startswith(b'a OK')

    def close(self):
        self.s.close()


def guess(server, until, number):
    dice = random.Random(number)
    client = None
    while time.monotonic() < until:
        try:
            client = client or Client(server, '127.0.0.2')
            # Half of them want ann's password, half anybody's.
            user = 'ann' if number % 2 else 'u%d' % dice.randrange(1000)
            if client.login(user + '@' + DOMAIN, 'x%d' % dice.getrandbits(40)):
                raise SystemExit('a guess was right')
        except OSError:
            client = None
            time.sleep(0.05)


def log_in(server, until, source, user, times):
    while time.monotonic() < until:
        start = time.monotonic()
        client = Client(server, source)
        if not client.login(user + '@' + DOMAIN, 'secret of ' + user):
            raise SystemExit('%s was not let in' % user)
        times.append(time.monotonic() - start)
        client.close()
        time.sleep(0.1)


def p99(times):
    return sorted(times)[int(len(times) * 0.99)]


def attack(root):
    """Guesses let through, and the times of logins elsewhere, also before."""
    server = Server(root)
    times, before = [], []
    try:
        # Ann is known at her address when it begins; bob is at a new one.
        log_in(server, time.monotonic() + SECONDS / 6, '127.0.0.4', 'ann',
               before)
        until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=guess, args=(server, until, i),
                                    daemon=True) for i in range(GUESSERS)]
        good = [threading.Thread(target=log_in, daemon=True,
                                 args=(server, until, source, user, times))
                for source, user in (('127.0.0.3', 'bob'),
                                     ('127.0.0.4', 'ann'))]
        for t in threads + good:
            t.start()
        for t in good:
            t.join()
        guesses = server.count(r'ev=login-failed ip=127\.0\.0\.2 ')
    finally:
        server.stop()
    if len(times) < SECONDS:
        raise SystemExit('too few logins: %d' % len(times))
    return guesses, times, before


def compare(root):
    """Times of failures for accounts that exist, and for others."""
    server = Server(root, LOGIN_DELAY='0', LOGIN_TRIES='100')
    dice = random.Random(1)
    times = {True: [], False: []}
    client = None
    try:
        for i in range(TRIES):
            if i % 99 == 0:
                if client:
                    client.close()
                client = Client(server, '127.0.0.5')
            known = dice.random() < 0.5
            number = dice.randrange(10) if known else dice.randrange(10, 10**6)
            start = time.perf_counter()
            client.login('u%d@%s' % (number, DOMAIN), 'wrong')
            times[known].append(time.perf_counter() - start)
    finally:
        server.stop()
    # The slowest are those during which this machine did something else.
    return [statistics.mean(sorted(times[k])[:len(times[k]) * 9 // 10])
            for k in (True, False)]


def yubin(*args, text=''):
    subprocess.run(('yubin',) + args, input=text, text=True, check=True,
                   stdout=subprocess.DEVNULL)


def main():
    root = tempfile.mkdtemp(prefix='yubin-guess.')
    os.environ.update(PATH=BIN + ':' + os.environ['PATH'], YUBIN_ROOT=root,
                      YUBIN_HOSTNAME='mx.example.test')
    # Whatever users this system has, the folders' owner will do.
    for name in ('MAIL_USER', 'LOGIN_USER', 'TLS_USER'):
        os.environ[name] = 'no-such-user'
    yubin('init')
    yubin('domain', 'add', DOMAIN)
    yubin('cert')
    for user in ['ann', 'bob'] + ['u%d' % i for i in range(10)]:
        yubin('user', 'add', user + '@' + DOMAIN, text='secret of %s\n' % user)
    try:
        guesses, times, before = attack(root)
        known, unknown = compare(root)
    except BaseException:
        print('guess: see', root, file=sys.stderr)
        raise
    shutil.rmtree(root)
    difference = abs(known - unknown) / known
    late = p99(times)
    most = GUESSES_MOST * max(1, SECONDS / 60)
    print('guess: %d guesses in %d s by %d guessers at one address (at most '
          '%d); %d logins elsewhere meanwhile, p99 %d ms (at most %d; %d ms before); a '
          'failure of a known user %.2f ms, of an unknown one %.2f ms, '
          '%.2f %% apart (at most %d) in %d tries'
          % (guesses, SECONDS, GUESSERS, most, len(times), late * 1000,
             P99_MOST * 1000, p99(before) * 1000, known * 1000, unknown * 1000, difference * 100,
             DIFFERENCE_MOST * 100, TRIES))
    return 0 if (guesses <= most and late <= P99_MOST and
                 difference <= DIFFERENCE_MOST) else 1


sys.exit(main())
