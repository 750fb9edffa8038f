# SPDX-License-Identifier: ISC
# OAUTHBEARER and XOAUTH2: oauth.py imap|pop3|smtp PROGRAM ARGS…
# The checker of tokens is the one in oauth.bats: "good-NAME" is NAME's token.
import base64
import json
import sys

from wire import PROTOCOLS, Wire, b64, respond

proto, argv = sys.argv[1], sys.argv[2:]
failed = 0
SEP = '\1'


def check(what, got, want):
    global failed
    if got == want:
        return
    failed += 1
    print('%s: %s: got %r, want %r' % (proto, what, got, want))


def bearer(token, user='', more=''):
    return ('n,%s,' % (user and 'a=' + user) + SEP + more
            + 'auth=Bearer ' + token + SEP + SEP)


def google(token, user='ann@example.test'):
    return 'user=' + user + SEP + 'auth=Bearer ' + token + SEP + SEP


def one(what, want, mechanism, message, ir=True, error=None, dummy='AQ=='):
    p = PROTOCOLS[proto](Wire(argv))
    p.offered = p.capabilities()
    initial = b64(message.encode())
    if ir:
        got = p.begin(mechanism, initial)
    else:
        check(what + ': challenge', p.begin(mechanism, None), ('+', ''))
        got = respond(p, initial)
    if error and got[0] == '+':
        check(what + ': error', json.loads(base64.b64decode(got[1])), error)
        got = respond(p, dummy)
    check(what, got[0], want)
    p.w.end()
    return got


OAUTH, XOAUTH = 'OAUTHBEARER', 'XOAUTH2'
BAD = {'status': 'invalid_token', 'scope': 'mail',
       'openid-configuration': 'https://id.example.test/.well-known/x'}
BAD_X = {'status': '401', 'schemes': 'bearer', 'scope': 'mail'}
p = PROTOCOLS[proto](Wire(argv))
check('offered', p.capabilities(),
      ['SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN'])
p.w.end()
one('a token', 'ok', OAUTH, bearer('good-ann~example.test'))
one('and a name', 'ok', OAUTH,
    bearer('good-ann~example.test', 'ann@example.test',
           'host=mx.example.test' + SEP + 'port=143' + SEP))
one('and a short one', 'ok', OAUTH, bearer('good-ann~example.test', 'Ann'))
one('without initial response', 'ok', OAUTH,
    bearer('good-ann~example.test'), ir=False)
one('a long token', 'ok', OAUTH,
    bearer('good-ann~example.test~' + 'x' * 6000))
one("somebody else's token", 'no', OAUTH,
    bearer('good-ann~example.test', 'bob@example.test'), error=BAD)
one('a bad token', 'no', OAUTH, bearer('bad'), error=BAD)
one('a bad token, cancelled', 'no', OAUTH, bearer('bad'), error=BAD,
    dummy='*')
one('of an unknown account', 'no', OAUTH, bearer('good-x~example.test'))
one('of a locked account', 'no', OAUTH, bearer('good-eve~example.test'))
one('of an account for other networks', 'no', OAUTH,
    bearer('good-gus~example.test'))
one("a service's token, and no name", 'no', OAUTH, bearer('service'),
    error=BAD)
one("a service's token", 'ok', OAUTH, bearer('service', 'bob'))
one('no token', 'bad', OAUTH, 'n,,' + SEP + SEP)
one('binding', 'bad', OAUTH,
    'p=tls-exporter,,' + SEP + 'auth=Bearer x' + SEP + SEP)
one('XOAUTH2', 'ok', XOAUTH, google('good-ann~example.test'))
one('XOAUTH2 without initial response', 'ok', XOAUTH,
    google('good-ann~example.test'), ir=False)
one('XOAUTH2, a bad token', 'no', XOAUTH, google('bad'), error=BAD_X,
    dummy='')
one("XOAUTH2, somebody else's token", 'no', XOAUTH,
    google('good-bob~example.test'), error=BAD_X, dummy='')
one('XOAUTH2, no user', 'bad', XOAUTH,
    'auth=Bearer x' + SEP + SEP)
later = {'imap': 'unknown', 'pop3': 'bad', 'smtp': '454'}[proto]
one('the checker has trouble', later, OAUTH, bearer('trouble'))
one('the checker says too much', later, OAUTH, bearer('much'))
sys.exit(failed > 0)
