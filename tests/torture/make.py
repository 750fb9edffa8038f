#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Messages that break mail programs: make.py FOLDER [OCTETS]

Writes bombs of OCTETS each (default 500,000) and broken messages, a file
each; beside some NAME.eml lies NAME.shape, the tree of its parts as
tests/torture.c writes it."""
import glob
import os
import random
import sys

to = sys.argv[1]
size = int(sys.argv[2]) if len(sys.argv) > 2 else 500000
random.seed(5)
count = 0


def write(name, data, shape=None):
    global count
    if isinstance(data, str):
        data = data.encode('latin-1')
    with open(os.path.join(to, name + '.eml'), 'wb') as f:
        f.write(data)
    if shape is not None:
        with open(os.path.join(to, name + '.shape'), 'w') as f:
            f.write(shape + '\n')
    count += 1


def bomb(name, head, piece, tail=''):
    if callable(piece):
        parts, n, i = [], 0, 0
        while n < size:
            parts.append(piece(i))
            n += len(parts[-1])
            i += 1
        body = ''.join(parts)
    else:
        body = piece * (size // len(piece) + 1)
    write('bomb-' + name, head + body + tail)


def mixed(b, sub='mixed'):
    return 'Content-Type: multipart/%s; boundary="%s"\n\n' % (sub, b)


def part(t, text=''):
    return 'Content-Type: %s\n\n%s' % (t, text)


RFC822 = part('message/rfc822')

# --- bombs
bomb('nest-one-boundary', '', mixed('a') + '--a\n')
bomb('nest-many-boundaries', '', lambda i: mixed('b%d' % i) + '--b%d\n' % i)
bomb('nest-growing-boundaries', '',
     lambda i: mixed('b' * (i % 200 + 1)) + '--' + 'b' * (i % 200 + 1) + '\n')
bomb('nest-messages', '', RFC822)
bomb('nest-in-turn', '', mixed('a') + '--a\n' + RFC822)
bomb('nest-close', mixed('a'), '--a\n' + mixed('b') + '--b\n\nx\n--b--\n')
bomb('parts', mixed('a'), '--a\n\n')
bomb('parts-crlf', mixed('a'), '--a\r\n\r\n')
bomb('parts-no-header', mixed('a'), '--a\n')
bomb('parts-typed', mixed('a'),
     '--a\n' + part('text/plain; charset=utf-8; name="x"', 'y\n'))
bomb('parts-long-types', mixed('a'), '--a\n' + part('x' * 60000 + '/y', 'y\n'))
bomb('parts-digest', mixed('a', 'digest'),
     '--a\n\nFrom: a@b, c@d;\nTo: e:f,g;\nSubject: s\n\n')
bomb('closes', mixed('a'), '--a--\n')
bomb('boundary-prefixes', mixed('a' * 60), '--' + 'a' * 59 + '\n')
bomb('boundary-dashes', mixed('-'), '--\n---\n')
bomb('boundary-in-header', mixed('a'), '--a\nX-Y: z\n')
bomb('hundred-open', ''.join(mixed('x%dx' % i) + '--x%dx\n' % i
                             for i in range(120)), '--x1\n--y\n')
bomb('dashes', mixed('a'), '\n--')
bomb('minus', mixed('a'), '-')
bomb('lines-empty', '\n', '\n')
bomb('lines-cr', '\n', '\r')
bomb('lines-crcrlf', mixed('a'), '\r\r\n')
bomb('lines-one', '\n', 'x')
bomb('lines-nul', '\n', '\0')
bomb('header-many', '', 'X-Y: z\n')
bomb('header-many-kept', '', 'To: a@b\n')
bomb('header-many-subjects', '', 'Subject: a\n')
bomb('header-many-types', '', 'Content-Type: text/plain; a=b\n')
bomb('header-one-line', 'Subject: ', 'x')
bomb('header-no-colon', '', 'x')
bomb('header-folds', 'Subject: x\n', ' \n')
bomb('header-folds-kept', 'To: x\n', ' a@b,\n')
bomb('header-lines-empty-names', '', ': x\n')
bomb('header-blank-names', '', 'To' + ' ' * 500 + ': x\n')
bomb('header-8bit', 'Subject: ', '\xff\xfe')
bomb('header-nul', 'Subject: ', '\0')
bomb('references', 'References:', ' <a@b>\n')
bomb('references-open', 'References: ', '<')
bomb('words', 'Subject: ', '=?utf-8?q?x?= ')
bomb('words-open', 'Subject: ', '=?utf-8?b?')
bomb('words-iso2022', 'Subject: ', '=?iso-2022-jp?b?GyRC?= ')
bomb('words-unknown', 'Subject: ', '=?x?q?=FF?= ')
bomb('re', 'Subject: ', 'Re: [x] ')
bomb('fwd', 'Subject: ', '[fwd: ')
bomb('fwd-trailer', 'Subject: x ', '(fwd) ')
bomb('blobs', 'Subject: ', '[')
bomb('date', 'Date: ', '1 Jan ')
bomb('date-comments', 'Date: ', '(')
bomb('date-digits', 'Date: ', '1')
for field in ('From', 'To', 'Reply-To'):
    bomb('addresses-' + field, field + ': ', 'a@b, ')
bomb('addresses-quotes', 'To: ', '"')
bomb('addresses-backslashes', 'To: "', '\\')
bomb('addresses-comments', 'To: ', '(')
bomb('addresses-closed-comments', 'To: ', '(x)')
bomb('addresses-angles', 'To: ', '<')
bomb('addresses-angle-pairs', 'To: ', '<>')
bomb('addresses-ats', 'To: ', '@')
bomb('addresses-dots', 'To: ', '.')
bomb('addresses-groups', 'To: ', 'a:')
bomb('addresses-group-ends', 'To: ', ';')
bomb('addresses-routes', 'To: <', '@a,')
bomb('addresses-words', 'To: ', 'word ')
bomb('addresses-brackets', 'To: ', 'a@[')
bomb('addresses-commas', 'To: ', ',')
for field in ('Content-Type: text/plain', 'Content-Disposition: x'):
    n = field[8:12].lower()
    bomb('params-' + n, field, ';a=b')
    bomb('params-rfc2231-' + n, field, lambda i: ';a*%d=b' % i)
    bomb('params-rfc2231-same-' + n, field, ";a*0*=x''%41")
    bomb('params-percent-' + n, field + "; a*=utf-8''", '%41')
    bomb('params-quotes-' + n, field + '; a="', '\\"')
    bomb('params-backslash-' + n, field + '; a="', '\\')
    bomb('params-equals-' + n, field + '; ', '=')
    bomb('params-semicolons-' + n, field, ';')
    bomb('params-blanks-' + n, field + '; a=', 'x ')
    bomb('params-comments-' + n, field + '; a=b ', '(')
bomb('languages', 'Content-Language: ', 'en, ')
bomb('boundary-long', 'Content-Type: multipart/mixed; boundary=', 'x')
bomb('boundary-all-parts', mixed('a'),
     lambda i: '--a\n' + mixed('b%d' % i) + '--b%d\n\n' % i)
bomb('base64', part('text/plain', '').rstrip('\n') +
     '\nContent-Transfer-Encoding: base64\n\n', 'QUJD' * 19 + '\n')
bomb('base64-one-line', 'Content-Transfer-Encoding: base64\n\n', 'QUJD')
bomb('base64-junk', 'Content-Transfer-Encoding: base64\n\n', '=')
bomb('qp', 'Content-Transfer-Encoding: quoted-printable\n\n', '=\n')
bomb('qp-equals', 'Content-Transfer-Encoding: quoted-printable\n\n', '=')
bomb('qp-blanks', 'Content-Transfer-Encoding: quoted-printable\n\n', ' ')
bomb('delivery-status', part('message/delivery-status'), 'A: b\n\n')
bomb('random', '', lambda i: bytes(random.choices(range(256), k=1000))
     .decode('latin-1'))
bomb('random-lines', '', lambda i: ''.join(
    random.choices('\n\r:-a ;="(\\', k=100)))
bombs = count

# --- broken by hand: text and, where it is not obvious, its tree
M = mixed('q')
HAND = {
    'empty': ('', 'plain'),
    'lf': ('\n', 'plain'),
    'crlf': ('\r\n', 'plain'),
    'cr': ('\r', 'plain'),
    'nul': ('\0', 'plain'),
    'no-header': ('\njust a body\n', 'plain'),
    'no-empty-line': ('Subject: x\nbody without an empty line\n', 'plain'),
    'header-only': ('Subject: x', 'plain'),
    'cr-lines': ('Subject: x\rContent-Type: text/html\r\rbody', 'plain'),
    'mbox': ('From a@b Mon Jan 1 00:00:00 2020\nSubject: x\n\ny\n', 'plain'),
    'mbox-mixed': ('>From x\n' + M + '--q\n\na\n--q--\n', 'mixed(plain)'),
    'fold-first': (' folded\nSubject: x\n\n', 'plain'),
    'fold-colon': ('Subject\n : x\n\n', 'plain'),
    'name-blank': ('Content-Type : text/html\n\n', 'html'),
    'name-blanks-within': ('Content Type: text/html\n\n', 'plain'),
    'name-8bit': ('Subj\xe9ct: x\n\n', 'plain'),
    'name-empty': (': x\n\n', 'plain'),
    'type-none': ('Content-Type:\n\n', 'plain'),
    'type-junk': ('Content-Type: ;;;\n\n', 'plain'),
    'type-word': ('Content-Type: text\n\n', 'plain'),
    'type-slash': ('Content-Type: /\n\n', 'plain'),
    'type-half': ('Content-Type: text/\n\n', 'plain'),
    'type-twice': ('Content-Type: text/html\nContent-Type: text/css\n\n',
                   'html'),
    'type-comment': ('Content-Type: (a) text (b) / (c) html (d)\n\n', 'html'),
    'type-comment-open': ('Content-Type: text/html (open\n\n', 'html'),
    'type-folded': ('Content-Type:\n multipart/mixed;\n\tboundary=q\n\n'
                    '--q\n\nx\n--q--\n', 'mixed(plain)'),
    'type-case': ('CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=q\n\n'
                  '--q\n\nx\n--q--\n', 'MIXED(plain)'),
    'type-long': ('Content-Type: text/' + 'x' * 300 + '\n\n', 'x' * 127),
    'type-nul': ('Content-Type: text/html\0; charset=x\n\n', 'html'),
    'type-8bit': ('Content-Type: text/h\xe9\n\n', None),
    'boundary-none': ('Content-Type: multipart/mixed\n\n--q\n\nx\n', 'plain'),
    'boundary-empty': (mixed('') + '--\n\nx\n', 'plain'),
    'boundary-blanks': (mixed('   ') + '--   \n\nx\n', 'plain'),
    'boundary-blank-end': (mixed('q  ') + '--q\n\nx\n--q--\n',
                           'mixed(plain)'),
    'boundary-256': (mixed('b' * 256) + '--' + 'b' * 256 + '\n\nx\n',
                     'mixed(plain)'),
    'boundary-257': (mixed('b' * 257) + '--' + 'b' * 257 + '\n\nx\n',
                     'plain'),
    'boundary-unquoted-equals': (
        'Content-Type: multipart/mixed; boundary=----=_Part_1.2\n\n'
        '------=_Part_1.2\n\nx\n------=_Part_1.2--\n', 'mixed(plain)'),
    'boundary-quote-open': (
        'Content-Type: multipart/mixed; boundary="q\n\n--q\n\nx\n--q--\n',
        'mixed(plain)'),
    'boundary-single-quotes': (
        "Content-Type: multipart/mixed; boundary='q'\n\n--'q'\n\nx\n",
        'mixed(plain)'),
    'boundary-comment': (
        'Content-Type: multipart/mixed; boundary=q (x)\n\n--q\n\nx\n',
        'mixed(plain)'),
    'boundary-twice': (
        'Content-Type: multipart/mixed; boundary=q; boundary=r\n\n'
        '--q\n\nx\n--r\n\ny\n', 'mixed(plain)'),
    'boundary-rfc2231': (
        'Content-Type: multipart/mixed; boundary*0=q; boundary*1=r\n\n'
        '--qr\n\nx\n--qr--\n', 'mixed(plain)'),
    'boundary-no-semicolon': (
        'Content-Type: multipart/mixed boundary=q\n\n--q\n\nx\n--q--\n',
        'mixed(plain)'),
    'boundary-never': (M + 'nothing\n', 'mixed()'),
    'boundary-only-close': (M + '--q--\n', 'mixed()'),
    'boundary-first-line': (M + '--q', 'mixed(plain)'),
    'boundary-no-newline': (M + '--q\n\nx\n--q', 'mixed(plain,plain)'),
    'boundary-text-behind': (M + '--q junk\n\nx\n--q-- junk\n',
                             'mixed(plain)'),
    'boundary-indented': (M + ' --q\n\nx\n', 'mixed()'),
    'boundary-one-dash': (M + '-q\n\nx\n', 'mixed()'),
    'boundary-mid-line': (M + '--q\n\nx --q\ny\n--q--\n', 'mixed(plain)'),
    'boundary-cr': (M + '--q\r\rx\r--q--\r', 'mixed(plain)'),
    'boundary-nul': (M + '--q\0\n\nx\n--q--\n', 'mixed(plain)'),
    'boundary-8bit': (mixed('\xe9') + '--\xe9\n\nx\n', 'mixed(plain)'),
    'boundary-quoted-pair': (
        'Content-Type: multipart/mixed; boundary="a\\"b"\n\n--a"b\n\nx\n',
        'mixed(plain)'),
    'boundary-encoded-word': (
        'Content-Type: multipart/mixed; boundary="=?utf-8?q?q?="\n\n'
        '--=?utf-8?q?q?=\n\nx\n', 'mixed(plain)'),
    'part-empty': (M + '--q\n--q\n--q--\n', 'mixed(plain,plain)'),
    'part-no-empty-line': (M + '--q\nx\n--q--\n', 'mixed(plain)'),
    'part-header-cut': (M + '--q\nContent-Type: text/ht', 'mixed(ht)'),
    'part-after-close': (M + '--q\n\na\n--q--\n--q\n\nb\n', 'mixed(plain)'),
    'close-missing': (M + '--q\n\na\n', 'mixed(plain)'),
    'close-inner-missing': (
        M + '--q\n' + mixed('r') + '--r\n\na\n--q\n\nb\n--q--\n',
        'mixed(mixed(plain),plain)'),
    'close-outer-first': (
        M + '--q\n' + mixed('r') + '--r\n\na\n--q--\n--r\n\nb\n--r--\n',
        'mixed(mixed(plain))'),
    'same-boundary-inside': (
        M + '--q\n' + M + '--q\n\na\n--q--\n--q--\n', 'mixed(mixed(plain))'),
    'boundary-prefix-outer': (
        mixed('qq') + '--qq\n' + M + '--q\n\na\n--qq\n\nb\n--qq--\n',
        'mixed(mixed(plain),plain)'),
    'multipart-base64': (
        'Content-Transfer-Encoding: base64\n' + M + '--q\n\nx\n--q--\n',
        'mixed(plain)'),
    'multipart-in-plain': (part('text/plain', '--q\n\nx\n--q--\n'), 'plain'),
    'message-base64': (
        'Content-Transfer-Encoding: base64\n' + RFC822 + 'U3ViamVjdDogeAo=\n',
        'octet-stream'),
    'message-8bit': (
        'Content-Transfer-Encoding: 8bit\n' + RFC822 + 'Subject: x\n\ny\n',
        'rfc822{plain}'),
    'message-empty': (RFC822, 'rfc822{plain}'),
    'message-no-header': (RFC822 + '\nx', 'rfc822{plain}'),
    'message-cut': (M + '--q\n' + RFC822 + '--q--\n', 'mixed(rfc822{plain})'),
    'message-partial': (part('message/partial; id=x; number=1', 'y'),
                        'partial'),
    'message-external': (part('message/external-body', 'y'), 'external-body'),
    'digest-plain': (mixed('q', 'digest') + '--q\n\nSubject: x\n\ny\n--q--\n',
                     'digest(rfc822{plain})'),
    'digest-bad-type': (
        mixed('q', 'digest') + '--q\nContent-Type: x\n\ny\n--q--\n',
        'digest(plain)'),
    'encoding-none': ('Content-Transfer-Encoding:\n\nx', 'plain'),
    'encoding-junk': ('Content-Transfer-Encoding: x-uuencode\n\nx', 'plain'),
    'encoding-two': ('Content-Transfer-Encoding: base64, 7bit\n\nx', 'plain'),
    'disposition-junk': ('Content-Disposition: ;=;\n\n', 'plain'),
    'disposition-8bit': ('Content-Disposition: attachment; '
                         'filename=\xe9\xff.txt\n\n', 'plain'),
    'id-open': ('Message-ID: <open\nReferences: <a <b> c> >\n\n', 'plain'),
    'addresses-bad': ('From: <<a@b>>, c@, @d, "e, f\nTo: ;;:,,\n\n', 'plain'),
    'addresses-8bit': ('From: \xc3\xa9 <\xff@\xfe>\n\n', 'plain'),
    'addresses-nul': ('From: a\0b <c\0d@e>\n\n', 'plain'),
    'addresses-crlf': ('From: a\r\n b@c\r\n\r\n', 'plain'),
    'date-bad': ('Date: yesterday\n\n', 'plain'),
    'date-huge': ('Date: 99 Foo 99999999999999 99:99:99 +9999\n\n', 'plain'),
    'date-zone': ('Date: 1 Jan 2020 00:00 +99999999999\n\n', 'plain'),
    'words-cut': ('Subject: =?utf-8?q?=E\nFrom: =?utf-8?b?=?= <a@b>\n\n',
                  'plain'),
    'mixed-line-ends': ('Subject: x\r\nTo: a\nCc: b\r\n\nbody\r\n', 'plain'),
    'crcrlf': ('Subject: x\r\r\n\r\r\nbody\r\r\n', 'plain'),
    'header-empty-line-cr': ('Subject: x\n\r\nbody', 'plain'),
    'header-blank-line': ('Subject: x\n \nTo: a\n\nbody', 'plain'),
    'utf16': (b'\xff\xfeS\0u\0b\0:\0 \0x\0\n\0\n\0', None),
    'utf8-bom': (b'\xef\xbb\xbfSubject: x\nContent-Type: text/html\n\ny',
                 'html'),
    'dot': ('.\n', 'plain'),
    'dashes': ('--\n--\n--\n', 'plain'),
}
for name, (text, shape) in HAND.items():
    write('hand-' + name, text, shape)

# --- broken by accident: samples cut, mixed up and scratched
here = os.path.dirname(os.path.abspath(__file__))
samples = sorted(glob.glob(here + '/../msgs/*.eml'))
for path in samples:
    name = os.path.basename(path)[:-4]
    with open(path, 'rb') as f:
        data = f.read()
    lines = data.splitlines(True)
    for i in range(1, 4):
        write('cut-%s-%d' % (name, i), data[:len(data) * i // 4])
    write('crlf-' + name, b'\r\n'.join(data.splitlines()))
    write('upside-down-' + name, b''.join(reversed(lines)))
    write('doubled-' + name, b''.join(x + x for x in lines))
    write('headless-' + name, b''.join(lines[1::2]))
    scratched = bytearray(data)
    for _ in range(len(data) // 30 + 1):
        scratched[random.randrange(len(data))] = random.randrange(256)
    write('scratched-' + name, bytes(scratched))
print('%d bombs, %d broken messages' % (bombs, count - bombs))
