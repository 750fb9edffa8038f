# SPDX-License-Identifier: ISC
# SASL over real TLS:
#   tls.py binding|external|once PROTO PORT tls|starttls [CERT KEY]
# Channel binding as far as Python knows it: tls-server-end-point, and
# tls-unique of TLS 1.2.  Says what was not as it should be.
import ssl
import sys

from wire import PROTOCOLS, Wire, b64, contexts, end_point, respond, scram

case, proto, port, mode = sys.argv[1:5]
pem = sys.argv[5:7]
failed = 0


def check(what, got, want):
    global failed
    if got == want:
        return
    failed += 1
    print('%s, %s, %s: got %s, want %s' % (proto, mode, what, got, want))


def connect(version=None, certificate=True):
    context = contexts(version)
    if pem and certificate:
        context.load_cert_chain(*pem)
    if mode == 'tls':
        p = PROTOCOLS[proto](Wire(port=int(port), tls=context))
    else:
        p = PROTOCOLS[proto](Wire(port=int(port)))
        p.clear = p.capabilities()
        p.starttls(context)
    p.offered = p.capabilities()
    return p


def binding():
    p = connect()
    check('offered', p.offered,
          ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
    if mode == 'starttls':
        check('offered in the clear', p.clear, [])
    data = end_point(p.w)
    check('another certificate', scram(
        p, 'ann', 'secret', 'p=tls-server-end-point', b'x' * 32)[0], 'no')
    check('tls-unique of TLS 1.3', scram(
        p, 'ann', 'secret', 'p=tls-unique', b'x' * 12)[0], 'no')
    check('bound', scram(
        p, 'ann', 'secret', 'p=tls-server-end-point', data)[0], 'ok')
    p.w.end()
    p = connect(ssl.TLSVersion.TLSv1_2)
    check('tls-unique of TLS 1.2', scram(
        p, 'ann', 'secret', 'p=tls-unique',
        p.w.sock.get_channel_binding('tls-unique'))[0], 'ok')
    p.w.end()
    # Whoever believes that there is no binding has been lied to.
    p = connect()
    check('downgrade', scram(p, 'ann', 'secret', 'y')[0], 'no')
    p.w.end()


def external():
    p = connect(certificate=False)
    check('without a certificate', 'EXTERNAL' in p.offered, False)
    check('and tried', p.begin('EXTERNAL', '')[0], 'unknown')
    p.w.end()
    for what, initial, want in (
            ('as the certificate says', '', 'ok'),
            ('as its first name', b64(b'ann@example.test'), 'ok'),
            ('as its second name', b64(b'Bob@Example.test'), 'ok'),
            ('in the default domain', b64(b'ann'), 'ok'),
            ('as somebody else', b64(b'carol@example.test'), 'no'),
            ('as its other name, locked', b64(b'eve@example.test'), 'no'),
            ('as nobody we know', b64(b'x@example.test'), 'no'),
            ('with a NUL', b64(b'ann\0'), 'bad')):
        p = connect()
        check('offered first', p.offered[0], 'EXTERNAL')
        check(what, p.begin('EXTERNAL', initial)[0], want)
        p.w.end()
    p = connect()
    check('without initial response', p.begin('EXTERNAL', None), ('+', ''))
    check('an empty one then', respond(p, '')[0], 'ok')
    p.w.end()


def once():
    p = connect()
    print(p.begin('EXTERNAL', '')[1])
    p.w.end()


{'once': once, 'binding': binding, 'external': external}[case]()
sys.exit(failed > 0)
