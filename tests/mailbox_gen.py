# SPDX-License-Identifier: ISC
# mailbox_gen.py N DIR [SEED]: a Maildir of N messages like those people have,
# the same ones for the same N and SEED.  Sizes are log-normal (median 8 kB, 2 kB
# to 2 MB); plain text, text with HTML, and attachments; seven charsets; half of
# it in threads; flags as after some years of use.  All are in cur/ of DIR.
import base64
import os
import random
import sys
import time

WORDS = {
    "us-ascii": "the meeting is on Friday please send me your notes before then "
                "and thank you for the report about our new office in Lyon",
    "iso-8859-1": "die Straße nach Köln wird für längere Zeit gesperrt später "
                  "grüßen wir alle Freunde über den Fluss",
    "windows-1252": "le café “du coin” est fermé jusqu’à Noël à cause des travaux "
                    "déjà commencés cet été",
    "koi8-r": "завтра мы встречаемся в конторе пожалуйста принесите все бумаги "
              "и ключи от склада",
    "iso-2022-jp": "明日の 会議は 三時から です 資料を お送り ください 東京 "
                   "郵便局 より よろしく お願いします",
    "gb18030": "明天 下午 开会 请 准备 好 文件 谢谢 北京 办公室",
    "utf-8": "zażółć gęślą jaźń εὐχαριστῶ πολύ 日本語 приветствую naïve Ålesund",
}
CHARSETS = ["us-ascii"] * 8 + ["utf-8"] * 8 + list(WORDS)
MIXES = ["plain"] * 8 + ["alternative"] * 8 + ["attachment"] * 4
PEOPLE = [f"{n} <{n.lower()}@{d}>" for n in
          "Ann Bob Cleo Dan Eve Finn Gus Hana Ida Jun Kai Lea".split()
          for d in ("example.test", "example.org", "mail.example.net")]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
FLAGS = ["S"] * 12 + ["RS"] * 4 + ["FS", "", "", "T", "F"]


class Pools:
    """Long texts made once; messages are cut out of them."""

    def __init__(self, rnd):
        self.words = {c: w.split() for c, w in WORDS.items()}
        self.text = {c: self.lines(rnd, c) for c in WORDS}
        raw = rnd.randbytes(1 << 20)
        self.base64 = base64.encodebytes(raw + raw).decode().splitlines(True)

    def lines(self, rnd, charset):
        return [" ".join(rnd.choices(self.words[charset], k=9)) + "\n"
                for _ in range(4000)]

    def cut(self, rnd, charset, octets):
        """Whole lines of about so many octets, encoded."""
        out, size, lines = [], 0, self.text[charset]
        while size < octets:
            at = rnd.randrange(len(lines) - 50)
            part = "".join(lines[at:at + min(50, 1 + octets // 70)])
            part = part.encode(charset)
            out.append(part)
            size += len(part)
        return b"".join(out)


def text_part(rnd, pools, charset, octets, kind="plain"):
    """The header fields and body of one text part."""
    body = pools.cut(rnd, charset, octets * 2 // 3)
    how = "7bit"
    if kind == "html":
        body = b"<html><body><p>" + body.replace(b"\n", b"</p>\n<p>") + \
            b"</p></body></html>\n"
    if charset == "utf-8" or (charset == "gb18030"):
        how, body = "base64", base64.encodebytes(body)
    elif charset not in ("us-ascii", "iso-2022-jp"):
        how = "quoted-printable"
        body = b"".join(b"=%02X" % c if c > 126 or c == 61 else bytes((c,))
                        for c in body[:octets // 2])
        body = b"".join(qp_lines(body)) if len(body) else body
    head = f"Content-Type: text/{kind}; charset={charset}\n" \
           f"Content-Transfer-Encoding: {how}\n\n"
    return head.encode() + body


def qp_lines(body):
    """Soft line breaks, never within =XX."""
    for line in body.split(b"\n"):
        while len(line) > 75:
            at = 72
            while b"=" in line[at - 2:at]:
                at -= 1
            yield line[:at] + b"=\n"
            line = line[at:]
        yield line + b"\n"


def encoded(text, charset):
    """A header's text as an encoded word when it needs to be."""
    if charset == "us-ascii":
        return text
    data = base64.b64encode(text.encode(charset)).decode()
    return f"=?{charset}?B?{data}?="


def multipart(rnd, subtype, parts):
    boundary = "=_%016x" % rnd.getrandbits(64)
    b = boundary.encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n'
    return head.encode() + b"".join(
        b"--" + b + b"\n" + p + (b"" if p.endswith(b"\n") else b"\n")
        for p in parts) + b"--" + b + b"--\n"


def body(rnd, pools, charset, size):
    mix = rnd.choice(MIXES)
    if mix == "plain":
        return text_part(rnd, pools, charset, size)
    if mix == "alternative":
        return multipart(rnd, "alternative", [
            text_part(rnd, pools, charset, size // 3),
            text_part(rnd, pools, charset, size * 2 // 3, "html")])
    lines = pools.base64[:max(1, (size - 1500) // 77)]
    name = encoded(" ".join(rnd.choices(pools.words[charset], k=2)), charset)
    file = f'Content-Type: application/pdf; name="{name}.pdf"\n' \
           "Content-Transfer-Encoding: base64\n" \
           f'Content-Disposition: attachment; filename="{name}.pdf"\n\n'
    return multipart(rnd, "mixed", [text_part(rnd, pools, charset, 1000),
                                    file.encode() + "".join(lines).encode()])


def when(i):
    """Message i's date: one every 900 seconds since 2015."""
    t = 1420070400 + i * 900
    g = time.gmtime(t)
    return t, f"{g.tm_mday} {MONTHS[g.tm_mon - 1]} {g.tm_year} " \
              f"{g.tm_hour:02}:{g.tm_min:02}:{g.tm_sec:02} +0000"


def message(rnd, pools, i, thread):
    charset = rnd.choice(CHARSETS)
    size = int(min(2e6, max(2000, rnd.lognormvariate(9.0, 1.2))))
    subject = encoded(" ".join(rnd.choices(pools.words[charset], k=4)), charset)
    refs = ""
    if thread and rnd.random() < 0.5:
        at, subject, chain = rnd.choice(thread)
        refs = f"In-Reply-To: {chain[-1]}\nReferences: {' '.join(chain)}\n"
        chain = chain[-9:] + [f"<m{i}@example.test>"]
        if not subject.startswith("Re: "):
            subject = "Re: " + subject
    else:
        chain = [f"<m{i}@example.test>"]
    thread.append((i, subject, chain))
    del thread[:-50]
    t, date = when(i)
    head = f"Return-Path: <{rnd.choice(PEOPLE).split('<')[1]}\n" \
           "Received: from mx.example.net (mx.example.net [192.0.2.7])\n" \
           f"\tby mail.example.test with ESMTPS id {rnd.getrandbits(60):x};\n" \
           f"\t{date}\n" \
           f"From: {rnd.choice(PEOPLE)}\n" \
           f"To: {', '.join(rnd.sample(PEOPLE, rnd.randint(1, 4)))}\n" \
           f"Subject: {subject}\nDate: {date}\nMessage-ID: {chain[-1]}\n" \
           f"{refs}MIME-Version: 1.0\n"
    return t, head.encode() + body(rnd, pools, charset, size)


def main(n, where, seed):
    rnd = random.Random(seed)
    pools = Pools(rnd)
    thread = []
    for d in "cur", "new", "tmp":
        os.makedirs(f"{where}/{d}")
    for i in range(n):
        t, text = message(rnd, pools, i, thread)
        name = f"{where}/cur/{t}.M{i}P1.bench,S={len(text)}," \
               f"W={len(text) + text.count(10)}:2,{rnd.choice(FLAGS)}"
        with open(name, "wb") as f:
            f.write(text)
        os.utime(name, (t, t))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2],
         int(sys.argv[3]) if len(sys.argv) > 3 else 1)
