# SPDX-License-Identifier: ISC
# Tries SCRAM in all the ways that are right, and in those that are wrong:
#   scram.py imap|pop3|smtp PROGRAM ARGS…
# The program is started for each try.  Says what was not as it should be.
import sys

from wire import PROTOCOLS, Wire, b64, respond, scram

proto, argv = sys.argv[1], sys.argv[2:]
failed = 0
EXPORTER = bytes(range(32))
TLS = {'SSL_PROTOCOL': 'TLSv1.3',
       'SSL_CHANNEL_BINDING_TLS_EXPORTER': EXPORTER.hex(),
       'SSL_CHANNEL_BINDING_TLS_SERVER_END_POINT': b'end'.hex()}


def connect(env=None):
    p = PROTOCOLS[proto](Wire(argv, env))
    p.offered = p.capabilities()
    return p


def check(what, got, want):
    global failed
    if got[0] == want:
        return
    failed += 1
    print('%s: %s: got %s, want %s' % (proto, what, got, want))


def one(what, want, user='ann@example.test', password='secret', env=None,
        **how):
    p = connect(env)
    check(what, scram(p, user, password, **how), want)
    p.w.end()


def exchange(what, want, *messages, env=None):
    """Lines as they are, the last answer is looked at."""
    p = connect(env)
    got = p.begin('SCRAM-SHA-256', messages[0])
    for m in messages[1:]:
        if got[0] == '+':
            got = respond(p, m)
    check(what, got, want)
    # The connection has survived, and works.
    if want != 'closed':
        check(what + ', and afterwards',
              scram(p, 'ann@example.test', 'secret'), 'ok')
    p.w.end()


def first(text):
    return b64(text.encode())


# ---- right
one('an account with keys', 'ok')
one('without initial response', 'ok', ir=False)
one('the default domain, any case', 'ok', user='Ann')
one('clear text stored', 'ok', user='bob')
one('a name with = and ,', 'ok', user='o=dd,one')
one('authzid the same', 'ok', authzid='ann@example.test')
one('the client could bind, we could not', 'ok', flag='y')
one('tls-exporter', 'ok', env=TLS, flag='p=tls-exporter', binding=EXPORTER)
one('tls-exporter, no initial response', 'ok', env=TLS,
    flag='p=tls-exporter', binding=EXPORTER, ir=False)
one('tls-server-end-point', 'ok', env=TLS, flag='p=tls-server-end-point',
    binding=b'end')
one('without binding, in spite of TLS', 'ok', env=TLS)
one('non-ASCII password', 'ok', user='carol', password='p\u00e4ss 2')

# ---- wrong, and seen
one('wrong password', 'no', password='Secret')
one('clear text stored, wrong password', 'no', user='bob', password='x')
one('another hash stored', 'no', user='dan')
one('a locked account', 'no', user='eve')
one('an account for other services', 'no', user='fay')
one('an account for other networks', 'no', user='gus')
one('no such account', 'no', user='nobody')
one('no such domain', 'no', user='ann@elsewhere.test')
one('another identity', 'no', authzid='bob')
one('wrong nonce', 'no', final=lambda m: m[:-2] + '!!')
one('cut nonce', 'no', final=lambda m: m[:-1])
one('a longer nonce', 'no', final=lambda m: m + 'x')
one('another header bound', 'no', final=lambda m: m.replace('biws', 'eSws'))
one('data bound without PLUS', 'no', binding=b'x')
one('downgrade: y where PLUS was offered', 'no', env=TLS, flag='y')
one('PLUS and no binding', 'no', env=TLS, plus=True)
one('binding and no PLUS', 'no', env=TLS, flag='p=tls-exporter',
    binding=EXPORTER, plus=False)
one('wrong binding', 'no', env=TLS, flag='p=tls-exporter',
    binding=bytes(32))
one('cut binding', 'no', env=TLS, flag='p=tls-exporter',
    binding=EXPORTER[:31])
one('no binding data', 'no', env=TLS, flag='p=tls-exporter')
one('binding of another type', 'no', env=TLS, flag='p=tls-unique',
    binding=EXPORTER)
one('binding of no type', 'no', env=TLS, flag='p=x', binding=b'')
one('PLUS that was not offered', 'unknown', flag='p=tls-exporter',
    binding=EXPORTER)
one('a proof of another length', 'no', proof=lambda p: p[:-4])
one('a proof that is no base64', 'no', proof=lambda p: '!' + p[1:])
one('extensions at the end', 'ok', final=lambda m: m + ',x=y,z=1')

# ---- malformed
one('no proof', 'bad', proof=lambda p: '')
one('something behind the proof', 'bad', proof=lambda p: p + ',x=y')
one('reordered', 'bad', final=lambda m: ','.join(reversed(m.split(','))))
one('no binding', 'bad', final=lambda m: m.split(',')[1])
for what, text in {
        'empty': '', 'nonsense': 'x', 'a header alone': 'n,,',
        'no nonce': 'n,,n=ann', 'an empty nonce': 'n,,n=ann,r=',
        'an empty name': 'n,,n=,r=abc', 'reordered': 'n,,r=abc,n=ann',
        'an unknown flag': 'x,,n=ann,r=abc', 'no header': 'n=ann,r=abc',
        'mandatory extension': 'n,,m=x,n=ann,r=abc',
        'a bare =': 'n,,n=a=nn,r=abc', 'a wrong =': 'n,,n=a=2Dnn,r=abc',
        'a nonce with a blank': 'n,,n=ann,r=a c',
        'no binding type': 'p=,,n=ann,r=abc',
        'a control character': 'n,,n=a\1n,r=abc',
        'a NUL': 'n,,n=a\0n,r=abc', 'a line end': 'n,,n=ann\r\n,r=abc',
        'a broken extension': 'n,,n=ann,r=abc,1=2'}.items():
    exchange(what, 'bad', first(text))
exchange('not UTF-8', 'bad', b64(b'n,,n=\xff,r=abc'))
exchange('not base64', 'bad', 'n,,n=ann,r=abc')
exchange('cut base64', 'bad', first('n,,n=ann,r=abc')[:-1])
exchange('a huge name', 'no', first('n,,n=%s,r=abc' % ('x' * 900)),
         first('c=biws,r=abc,p=abcd'))
exchange('a huge nonce', 'no', first('n,,n=ann,r=' + 'x' * 4000),
         first('c=biws,r=abc,p=abcd'))
exchange('an exchange that is no more', 'bad', first('n,,n=ann,r=abc'), 'x')
exchange('cancelled', 'bad', first('n,,n=ann,r=abc'), '*')
exchange('cancelled at once', 'bad', None, '*')

# ---- more than one on one connection
p = connect()
check('cancelled at the end', scram(p, 'ann', 'secret', last='*'), 'bad')
check('something at the end', scram(p, 'ann', 'secret', last='eA=='), 'bad')
check('a denial', scram(p, 'ann', 'wrong'), 'no')
check('and a right one', scram(p, 'ann', 'secret'), 'ok')
p.w.end()
p = connect()
check('a first one', scram(p, 'ann', 'secret', last='*', nonce='fixed'), 'bad')
old = p.final
p.begin('SCRAM-SHA-256', first('n,,n=ann,r=fixed'))
check('a replay', respond(p, first(old)), 'no')
p.w.end()

# ---- nobody learns which accounts there are
salts = {}
for name in ('ann', 'ANN@Example.TEST', 'nobody', 'nobody',
             'Nobody@example.test', 'dan', 'dan', 'eve', 'bob', 'bob'):
    p = connect()
    scram(p, name, 'wrong')
    r, s, i = p.server_first.split(',')
    key = name.lower().split('@')[0]
    if len(s) != len('s=') + 24 or i != 'i=4096':
        check('salt of ' + name, (p.server_first,), 's=…,i=4096')
    if salts.setdefault(key, s) != s:
        check('the salt of %s changes' % name, (s,), salts[key])
    p.w.end()
if len(set(salts.values())) != len(salts):
    check('each has its own salt', (str(salts),), '')
sys.exit(failed > 0)
