# SPDX-License-Identifier: ISC
# roundtrip.py KIND: send a message by SMTP, read it by POP3 and IMAP, compare.
import base64
import imaplib
import os
import poplib
import random
import smtplib
import ssl
import sys
import time

kind = sys.argv[1]
context = ssl.create_default_context(cafile=os.environ["CA"])
USER, PASSWORD = "bob@example.test", "secret"
mark = f"{kind}-{os.getpid()}"
head = (f"From: a@elsewhere.test\r\nTo: {USER}\r\nSubject: {mark}\r\n"
        "Date: Mon, 23 Nov 2026 04:29:34 +0000\r\n"
        f"Message-ID: <{mark}@elsewhere.test>\r\n").encode()


def body():
    if kind == "plain":
        return b"\r\n.\r\n..\r\n.dot first\r\ntrailing blanks  \t \r\n\r\n"
    if kind == "eightbit":
        return (b"Content-Type: text/plain; charset=utf-8\r\n"
                b"Content-Transfer-Encoding: 8bit\r\n\r\n" +
                "Grüße aus Köln, 郵便 ✉\r\n".encode() +
                bytes(range(0x80, 0x100)) + b"\r\n")
    if kind == "iso2022jp":
        return (b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" +
                "郵便がとどきました。\r\n.\r\n手紙".encode("iso-2022-jp") +
                b"\r\n")
    if kind == "nobody":
        return b""
    if kind == "emptylines":
        return b"\r\n" * 5
    if kind == "longlines":
        return b"\r\n" + (b"x" * 998 + b"\r\n") * 3 + b"." * 997 + b"\r\n"
    noise = random.Random(1).randbytes(15 * 1024 * 1024)
    text = base64.encodebytes(noise).replace(b"\n", b"\r\n")
    return (b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + text)


sent = head + body()
with smtplib.SMTP("127.0.0.1", int(os.environ["SMTP"])) as s:
    s.sendmail("a@elsewhere.test", [USER], sent, ["BODY=8BITMIME"])

with imaplib.IMAP4_SSL("127.0.0.1", int(os.environ["IMAPS"]),
                       ssl_context=context) as c:
    c.login(USER, PASSWORD)
    c.select("INBOX")
    for _ in range(400):
        c.noop()
        found = c.search(None, "SUBJECT", mark)[1][0].split()
        if found:
            break
        time.sleep(0.05)
    data = c.fetch(found[0], "(RFC822.SIZE BODY.PEEK[])")[1]
    by_imap = next(d[1] for d in data if isinstance(d, tuple))
    size = int(data[0][0].split(b"RFC822.SIZE ")[1].split()[0])

pop = poplib.POP3_SSL("127.0.0.1", int(os.environ["POP3S"]), context=context)
poplib._MAXLINE = 4096
pop.user(USER)
pop.pass_(PASSWORD)
by_pop = None
for i in range(pop.stat()[0], 0, -1):
    text = b"".join(x + b"\r\n" for x in pop.retr(i)[1])
    if mark.encode() in text[:4000]:
        by_pop = text
        break
pop.quit()


def first_difference(a, b):
    n = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
             min(len(a), len(b)))
    return n, a[max(0, n - 40):n + 40], b[max(0, n - 40):n + 40]


assert by_imap.endswith(sent), first_difference(by_imap[-len(sent):], sent)
assert by_pop == by_imap, first_difference(by_pop, by_imap)
assert size == len(by_imap), (size, len(by_imap))
ours = by_imap[:-len(sent)].decode()
assert ours.startswith("Return-Path: <a@elsewhere.test>\r\n"
                       f"Delivered-To: {USER}\r\nReceived: "), ours
assert ours.endswith("\r\n")
