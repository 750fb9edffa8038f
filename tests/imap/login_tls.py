# SPDX-License-Identifier: ISC
# Plays the TLS server of UCSPI-TLS for a login program, without TLS:
#   login_tls.py imap|pop3 CASE PROGRAM ARGS…
# Exits 0 when the program did the right thing in that case.
import os
import socket
import subprocess
import sys

proto, case, argv = sys.argv[1], sys.argv[2], sys.argv[3:]
imap = proto == 'imap'
net, net_in = socket.socketpair()
ctl, ctl_in = socket.socketpair()
tls, tls_in = socket.socketpair()
fds = {'SSLCTLFD': ctl_in.fileno(), 'SSLREADFD': tls_in.fileno(),
       'SSLWRITEFD': tls_in.fileno()}
env = dict(os.environ, **{k: str(v) for k, v in fds.items()})
proc = subprocess.Popen(argv, stdin=net_in, stdout=net_in, env=env,
                        pass_fds=list(set(fds.values())))
for s in (net_in, ctl_in, tls_in):
    s.close()
for s in (net, ctl, tls):
    s.settimeout(10)


def line(sock):
    got = b''
    while not got.endswith(b'\r\n'):
        c = sock.recv(1)
        if not c:
            raise SystemExit('closed behind %r' % got)
        got += c
    print('S:', got.decode(errors='replace').rstrip())
    return got.decode(errors='replace').rstrip()


def rest(sock):
    got = b''
    while True:
        try:
            c = sock.recv(4096)
        except ConnectionResetError:
            return got  # closed with something of ours unread
        if not c:
            return got
        got += c


def want(sock, start):
    got = line(sock)
    if not got.startswith(start):
        raise SystemExit('got %r, want %r' % (got, start))
    return got


def send(sock, text):
    print('C:', text)
    sock.sendall(text.encode())


ok = 'a OK' if imap else '+OK'
start = 'a STARTTLS\r\n' if imap else 'STLS\r\n'
greeting = line(net)

if case == 'inject':
    # The command and what an attacker put behind it, in one packet.
    more = 'b LOGIN ann secret\r\n' if imap else 'USER ann\r\nPASS secret\r\n'
    send(net, start + more)
    want(net, 'a BAD' if imap else '-ERR')
    rest(net)
    if rest(ctl):
        raise SystemExit('TLS was started')
elif case == 'fail':
    # The handshake fails: the server closes the control socket.
    send(net, start)
    want(net, ok)
    assert ctl.recv(1) == b'Y'
    ctl.close()
    if rest(net):
        raise SystemExit('it went on in clear text')
elif case == 'start':
    if imap:
        assert 'STARTTLS' in greeting and 'LOGINDISABLED' in greeting
        send(net, 'x LOGIN ann secret\r\n')
        want(net, 'x NO [PRIVACYREQUIRED]')
    else:
        send(net, 'USER ann\r\n')
        want(net, '-ERR')
    send(net, start)
    want(net, ok)
    assert ctl.recv(1) == b'Y'
    ctl.sendall(b'SSL_PROTOCOL=TLSv1.3\0SSL_CIPHER=X\0PATH=/evil\0\0')
    # What comes over the clear connection now is nobody's business.
    send(net, 'z LOGOUT\r\nQUIT\r\n')
    if imap:
        send(tls, 'b CAPABILITY\r\n')
        caps = want(tls, '* CAPABILITY')
        assert 'STARTTLS' not in caps and 'AUTH=PLAIN' in caps, caps
        want(tls, 'b OK')
        send(tls, 'c STARTTLS\r\n')
        want(tls, 'c BAD')
        send(tls, 'd LOGIN ann secret\r\n')
        want(tls, 'd OK ann@example.test TLSv1.3')
    else:
        send(tls, 'PASS secret\r\n')
        want(tls, '-ERR')
        send(tls, 'STLS\r\n')
        want(tls, '-ERR')
        send(tls, 'USER ann\r\n')
        want(tls, '+OK')
        send(tls, 'PASS secret\r\n')
        want(tls, '+OK ann@example.test TLSv1.3')
    send(tls, 'echo\r\n')
    want(tls, 'echo')
    tls.close()
    if rest(net):
        raise SystemExit('something went out in clear text')
else:
    raise SystemExit('unknown case')
for s in (net, ctl, tls):
    s.close()
proc.wait(10)
