#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""wiring.py CA TAG OTHERS [4]: all seven services on their ports of this network,
used as mail programs do, from 127.0.0.5 and (without 4) ::1; then who all the
processes are.  OTHERS are the programs that may be root beside yubin's own: a
super-server, a supervisor.  Prints "PROGRAM USER…" lines for yubin's programs."""
import imaplib
import os
import poplib
import pwd
import smtplib
import ssl
import sys
import time

CA, TAG, OTHERS = sys.argv[1], sys.argv[2], sys.argv[3].split()
FROM, SIX = '127.0.0.5', len(sys.argv) == 4
TLS = ssl.create_default_context(cafile=CA)
HOST = 'mail.example.test'
# Which of ours keep root, and why.
ROOTS = {
    'yubin-tlsserver': 'listens, reads the key, starts what changes its user',
    'yubin-smtpd': 'reads domains and accounts; its child speaks',
    'yubin-imap-login': 'becomes the account; its child speaks',
    'yubin-pop3-login': 'becomes the account; its child speaks',
    'yubin-queue-runner': 'the child that starts deliveries',
    'yubin-deliver-local': 'its children become the owners of Maildirs',
}
KEEP = 'yubin-tlsserver', 'yubin-imap-login', 'yubin-pop3-login'


def letter(name, to):
    return f'From: {name}@example.test\r\nTo: {to}\r\nSubject: {TAG}-{name}\r\n' \
        f'\r\nhello\r\n'


def submit(name, port, tls, user=None):
    to = 'ann@example.test'
    six = name == 'submission' and SIX
    host, source = ('::1', '::1') if six else ('127.0.0.1', FROM)
    kind = smtplib.SMTP_SSL if tls else smtplib.SMTP
    more = {'context': TLS} if tls else {}
    s = kind(timeout=30, source_address=(source, 0), **more)
    s._host = HOST  # what the certificate is for
    code, text = s.connect(host, port)
    assert code == 220 and text.startswith(b'mail.example.test '), (code, text)
    if not tls:
        s.starttls(context=TLS)
    if user:
        s.login(user, 'secret')
    # The delivery makes eve's Maildir.
    s.sendmail('x@elsewhere.test' if not user else user,
               [to, 'eve@example.test'],
               letter(name, to))
    return s


class Imap(imaplib.IMAP4):
    def _create_socket(self, timeout):
        import socket
        return socket.create_connection(('127.0.0.1', self.port), 30,
                                        (FROM, 0))

    def open(self, host='', port=143, timeout=None):
        self.host, self.port = HOST, port
        self.sock = self._create_socket(timeout)
        self.file = self.sock.makefile('rb')


def imap_plain():
    m = Imap(HOST, 143)
    m.starttls(TLS)
    m.login('ann@example.test', 'secret')
    return m


def subjects(m):
    m.select(readonly=True)
    _, got = m.fetch('1:*', '(BODY.PEEK[HEADER])')
    return [x[1].decode() for x in got if isinstance(x, tuple)]


def wait_mail(m, n):
    for _ in range(300):
        m.noop()
        _, count = m.select(readonly=True)
        if int(count[0]) >= n:
            return subjects(m)
        time.sleep(0.05)
    raise SystemExit(f'{n} messages did not arrive')


def processes():
    """(pid, program, uid) of all processes of this network."""
    here = os.readlink('/proc/self/ns/net')
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            if os.readlink(f'/proc/{pid}/ns/net') != here:
                continue
            program = os.path.basename(
                os.readlink(f'/proc/{pid}/exe').removesuffix(' (deleted)'))
            uids = [line.split()[1:5] for line in open(f'/proc/{pid}/status')
                    if line.startswith('Uid:')][0]
        except OSError:
            continue
        assert len(set(uids)) == 1, (program, uids)
        yield pid, program, int(uids[0])


def connections():
    """The inodes of connected TCP sockets."""
    found = set()
    for name in 'tcp', 'tcp6':
        for line in open(f'/proc/net/{name}').readlines()[1:]:
            words = line.split()
            if words[3] == '01':
                found.add(f'socket:[{words[9]}]')
    return found


def holds(pid, inodes):
    for fd in os.listdir(f'/proc/{pid}/fd'):
        try:
            if os.readlink(f'/proc/{pid}/fd/{fd}') in inodes:
                return True
        except OSError:
            pass
    return False


def judge():
    who, inodes = {}, connections()
    for pid, program, uid in processes():
        if pid in ('1', str(os.getpid())):
            continue
        user = pwd.getpwuid(uid).pw_name
        if program.startswith('yubin'):
            who.setdefault(program, set()).add(user)
        if uid != 0:
            continue
        assert program in ROOTS or program in OTHERS, f'{program} is root'
        # tlsserver keeps it for a client that asks for TLS later; who becomes
        # the session for that.
        if program in ROOTS and program not in KEEP:
            assert not holds(pid, inodes), f'{program} {pid} has a connection'
    for program in sorted(who):
        print(program, *sorted(who[program]))


def main():
    open_ones = [submit('smtp', 25, False),
                 submit('submission', 587, False, 'bob@example.test'),
                 submit('submissions', 465, True, 'bob@example.test')]
    m = imap_plain()
    heads = wait_mail(m, 3)
    for name in 'smtp', 'submission', 'submissions':
        head = [h for h in heads if f'Subject: {TAG}-{name}\r\n' in h]
        assert len(head) == 1, (name, heads)
        source = 'IPv6:::1' if name == 'submission' and SIX else FROM
        assert f'[{source}]' in head[0], head[0]
        assert 'by mail.example.test' in head[0], head[0]
    s = imaplib.IMAP4_SSL(HOST, 993, ssl_context=TLS)
    s.login('ann@example.test', 'secret')
    assert len(subjects(s)) == len(heads)
    p = poplib.POP3(HOST, 110, timeout=30)
    p.stls(TLS)
    p.user('ann@example.test')
    p.pass_('secret')
    q = poplib.POP3_SSL(HOST, 995, context=TLS)
    q.user('dan@example.test')  # whose Maildir is made now
    q.pass_('secret')
    assert p.stat()[0] == len(heads) and q.stat()[0] == 0
    # Some that have not logged in.
    waiting = [Imap(HOST, 143), poplib.POP3(HOST, 110, timeout=30),
               imaplib.IMAP4_SSL(HOST, 993, ssl_context=TLS)]
    judge()
    for x in open_ones + [p, q]:
        x.quit()
    for x in m, s:
        x.logout()
    del waiting


main()
