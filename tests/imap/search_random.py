# SPDX-License-Identifier: ISC
# search_random.py IMAPD DIR SEED [common]: random mailboxes, random searches.
# What imapd finds must be what a simple reading with Python's email package
# finds, and must not depend on what is cached: with all caches, none, half of
# them, and broken ones.  common: for Dovecot, without what it sees differently
# (SENT… without a Date, headers of parts) or takes wrongly (NOT OR).
import datetime
import email
import email.encoders
import email.header
import email.message
import email.mime.base
import email.mime.message
import email.mime.multipart
import email.mime.text
import email.utils
import os
import random
import re
import subprocess
import sys
import unicodedata

COMMON = sys.argv[4:] == ["common"]
MESSAGES, SEARCHES, DAY = 30, 60, 86400
EPOCH = datetime.date(1970, 1, 1).toordinal()
WORDS = {
    "us-ascii": "meeting Friday REPORT office notes thanks invoice zebra",
    "utf-8": "Straße naïve Ålesund ŁÓDŹ привет ΛΌΓΟΣ 日本語 テスト ガス 한국어 ﬁnance",
    "iso-8859-1": "Grüße café NOËL garçon Ærø fjord",
    "koi8-r": "привет ВСТРЕЧА завтра бумаги",
    "windows-1251": "ПРИВЕТ встреча ёлка",
    "iso-2022-jp": "会議 資料 テスト ガス 東京 よろしく",
    "shift_jis": "会議 資料 テスト ﾃｽﾄ 東京",
    "euc-jp": "会議 ガス 郵便局",
    "gb18030": "会议 北京 文件 办公室",
    "euc-kr": "한국어 서울 회의",
    "utf-7": "café 東京 notes",
}
ALL = [w for words in WORDS.values() for w in words.split()]
FLAGS = {"S": "SEEN", "R": "ANSWERED", "F": "FLAGGED", "T": "DELETED",
         "D": "DRAFT"}
KEYWORDS = ["$Junk", "todo", "later"]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def syllable(c):
    return "\u3040" <= c <= "\u30ff" or "\uac00" <= c <= "\ud7a3"


def fold(s):
    """Unicode's caseless matching with compatibility, D146; see msg/fold.h."""
    s = s.replace("\u00ad", "")
    for _ in range(2):
        s = unicodedata.normalize("NFKC", s).casefold()
    s = "".join(c if syllable(c) else unicodedata.normalize("NFD", c)
                for c in unicodedata.normalize("NFKC", s))
    return re.sub(r"[ \t\r\n]+", " ", s)


def spoil(rnd, word):
    """The word in another form that is to find it."""
    return rnd.choice([
        lambda w: w, str.upper, str.lower,
        lambda w: unicodedata.normalize("NFD", w),
        lambda w: unicodedata.normalize("NFC", w),
        lambda w: "".join(chr(ord(c) + 0xfee0) if "!" <= c <= "~" else c
                          for c in w),
        lambda w: w[len(w) // 2:]])(word)


# ------------------------------------------------------------- messages

def text_part(rnd):
    charset = rnd.choice(list(WORDS))
    words = WORDS[charset].split()
    text = "".join(" ".join(rnd.choices(words, k=5)) + "\n"
                   for _ in range(rnd.randrange(1, 5) ** 3))
    part = email.mime.base.MIMEBase("text", rnd.choice(["plain", "html"]),
                                    charset=charset)
    part.set_payload(text.encode(charset))
    encode = [email.encoders.encode_base64, email.encoders.encode_quopri]
    if charset == "us-ascii":
        encode.append(lambda p: p.set_payload(text))
    rnd.choice(encode)(part)
    return part


def body(rnd, depth=0):
    kind = rnd.randrange(6) if depth < 3 else 0
    if kind < 3:
        return text_part(rnd)
    if kind == 3:
        part = email.mime.message.MIMEMessage(message(rnd, depth + 1))
    elif kind == 4:
        part = email.mime.base.MIMEBase("application", "octet-stream",
                                        name=rnd.choice(ALL[:8]) + ".bin"
                                        if not COMMON else "q")
        part.set_payload(" ".join(rnd.choices(ALL, k=9)).encode())
        email.encoders.encode_base64(part)
    else:
        part = email.mime.multipart.MIMEMultipart()
        for _ in range(rnd.randrange(1, 4)):
            part.attach(body(rnd, depth + 1))
    return part


def field(rnd, depth):
    charset = rnd.choice(["us-ascii", "utf-8", "iso-8859-1", "koi8-r",
                          "iso-2022-jp"])
    if COMMON and depth:
        return "x"
    return email.header.Header(
        " ".join(rnd.choices(WORDS[charset].split(), k=3)), charset)


def message(rnd, depth=0):
    m = body(rnd, depth)
    m["Subject"] = field(rnd, depth)
    for name in "From", "To", "Cc":
        if rnd.randrange(4):
            word = rnd.choice(WORDS["us-ascii"].split())
            m[name] = f"{'q' if COMMON and depth else word} " \
                f"<{rnd.choice('abc')}@{rnd.choice('xyz')}.invalid>"
    if rnd.randrange(8) or COMMON:
        m["Date"] = email.utils.formatdate(
            1e9 + rnd.randrange(9) * DAY / 2, rnd.randrange(2))
    if rnd.randrange(2):
        m["X-Note"] = field(rnd, depth)
    return m


def decoded(value):
    return str(email.header.make_header(email.header.decode_header(
        str(value).replace("\n", ""))))


class Mail:
    """A message as the reference sees it."""

    def __init__(self, rnd, uid, directory):
        octets = message(rnd).as_bytes()
        self.uid, self.size = uid, len(octets) + octets.count(b"\n")
        self.flags = {f for f in FLAGS if not rnd.randrange(3)}
        self.words = {i for i in range(3) if not rnd.randrange(3)}
        self.day = rnd.randrange(11570, 11580)
        info = "".join(sorted(self.flags)) + \
            "".join("abc"[i] for i in sorted(self.words))
        name = f"{directory}/cur/{1000000000 + uid}.M{uid}P1.host:2,{info}"
        with open(name, "wb") as f:
            f.write(octets)
        when = self.day * DAY + rnd.randrange(DAY)
        os.utime(name, (when, when))
        self.message = email.message_from_bytes(octets)
        fields = [[(k.lower(), fold(decoded(v))) for k, v in p.items()]
                  for p in self.message.walk()]
        self.fields = fields[0]
        texts = [fold(self.decode(p)) for p in self.message.walk()
                 if p.get_content_maintype() == "text"]
        self.body = [v for f in fields[1:] for _, v in f] + texts
        date = email.utils.parsedate(self.message["Date"] or "")
        self.sent = date and datetime.date(*date[:3]).toordinal() - EPOCH

    @staticmethod
    def decode(part):
        return part.get_payload(decode=True).decode(
            str(part.get_content_charset()))


# ------------------------------------------------------------- searches

def date(day):
    d = datetime.date.fromordinal(day + EPOCH)
    return f"{d.day}-{MONTHS[d.month - 1]}-{d.year}"


def literal(text):
    octets = text.encode()
    return b"{%d+}\r\n%s" % (len(octets), octets)


def leaf(rnd):
    """A key, and the function that tells whether a mail has it."""
    word = spoil(rnd, rnd.choice(ALL))
    needle, day = fold(word), rnd.randrange(11569, 11581)
    uid, size = rnd.randrange(1, MESSAGES + 1), rnd.randrange(300, 6000)
    flag, word_i = rnd.choice(list(FLAGS)), rnd.randrange(3)
    named = rnd.choice(["subject", "from", "to", "cc", "x-note"])
    key = named.upper() if named != "x-note" else "HEADER X-Note"

    def in_field(m):
        return any(k == named and needle in v for k, v in m.fields)

    def in_body(m):
        return any(needle in v for v in m.body)

    def in_text(m):
        return in_body(m) or any(needle in v for _, v in m.fields)

    return rnd.choice([
        lambda: (key.encode() + b" " + literal(word), in_field),
        lambda: (b"BODY " + literal(word), in_body),
        lambda: (b"TEXT " + literal(word), in_text),
        lambda: (b'HEADER X-Note ""',
                 lambda m: any(k == "x-note" for k, _ in m.fields)),
        lambda: (FLAGS[flag].encode(), lambda m: flag in m.flags),
        lambda: (b"UN" + FLAGS[flag].encode(), lambda m: flag not in m.flags),
        lambda: (b"KEYWORD " + KEYWORDS[word_i].encode(),
                 lambda m: word_i in m.words),
        lambda: (b"UNKEYWORD " + KEYWORDS[word_i].upper().encode(),
                 lambda m: word_i not in m.words),
        lambda: (b"%d:*" % uid, lambda m: m.uid >= uid),
        lambda: (b"UID 1:%d" % uid, lambda m: m.uid <= uid),
        lambda: (b"LARGER %d" % size, lambda m: m.size > size),
        lambda: (b"SMALLER %d" % size, lambda m: m.size < size),
        lambda: (b"BEFORE " + date(day).encode(), lambda m: m.day < day),
        lambda: (b"ON " + date(day).encode(), lambda m: m.day == day),
        lambda: (b"SINCE " + date(day).encode(), lambda m: m.day >= day),
        lambda: (b"SENTBEFORE " + date(day).encode(),
                 lambda m: bool(m.sent) and m.sent < day),
        lambda: (b"SENTON " + date(day).encode(),
                 lambda m: bool(m.sent) and m.sent == day),
        lambda: (b"SENTSINCE " + date(day).encode(),
                 lambda m: bool(m.sent) and m.sent >= day),
    ])()


def key(rnd, depth=0):
    kind = rnd.randrange(6) if depth < 4 else 0
    if kind < 3:
        return leaf(rnd)
    a, fa = key(rnd, 9 if COMMON and kind == 3 else depth + 1)
    if kind == 3:
        return b"NOT " + a, lambda m: not fa(m)
    b, fb = key(rnd, depth + 1)
    if kind == 4:
        return b"OR " + a + b" " + b, lambda m: fa(m) or fb(m)
    return b"(" + a + b" " + b + b")", lambda m: fa(m) and fb(m)


# -------------------------------------------------------------- running

def answers(imapd, directory, searches):
    script = b"a EXAMINE INBOX\r\n" + b"".join(
        b"s%d SEARCH CHARSET UTF-8 %s\r\n" % (i, s)
        for i, (s, _) in enumerate(searches)) + b"z LOGOUT\r\n"
    run = subprocess.run([imapd], input=script, capture_output=True,
                         env={**os.environ, "MAILDIR": directory}, timeout=60)
    lines = run.stdout.decode().split("\r\n")
    return [[int(n) for n in line.split()[2:]] for line in lines
            if line.startswith("* SEARCH")], run.stdout


def caches(directory):
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if os.path.isfile(path) and not name.startswith("dovecot-") and \
                name != "subscriptions":
            yield path


def main():
    imapd, directory, seed = sys.argv[1:4]
    rnd = random.Random(int(seed))
    for d in "cur", "new", "tmp":
        os.makedirs(os.path.join(directory, d))
    with open(os.path.join(directory, "dovecot-keywords"), "w") as f:
        f.writelines(f"{i} {k}\n" for i, k in enumerate(KEYWORDS))
    mails = [Mail(rnd, uid, directory) for uid in range(1, MESSAGES + 1)]
    searches = [key(rnd) for _ in range(SEARCHES)]
    want = [[m.uid for m in mails if f(m)] for _, f in searches]

    def check(how):
        got, output = answers(imapd, directory, searches)
        if len(got) != len(want):
            sys.exit(f"seed {seed}, {how}: {len(got)} answers\n{output}")
        for g, w, (s, _) in zip(got, want, searches):
            if g != w:
                sys.exit(f"seed {seed}, {how}: SEARCH {s.decode()}\n"
                         f"got  {g}\nwant {w}")

    check("first")
    if COMMON:
        return
    check("cached")
    for path in caches(directory):
        os.unlink(path)
    check("nothing cached")
    for path in caches(directory):
        if rnd.randrange(2):
            os.unlink(path)
    check("some caches gone")
    for path in caches(directory):
        with open(path, "r+b") as f:
            f.truncate(os.path.getsize(path) // 2)
    check("caches cut short")
    for path in caches(directory):
        with open(path, "r+b") as f:
            f.write(rnd.randbytes(os.path.getsize(path)))
    check("caches of random octets")
    found = sum(0 < len(w) < MESSAGES for w in want)
    if found < SEARCHES // 3:
        sys.exit(f"seed {seed}: only {found} searches found some but not all")


main()
