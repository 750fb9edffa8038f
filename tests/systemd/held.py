# SPDX-License-Identifier: ISC
"""A client of each service of 127.0.0.1, by TLS; those of IMAP and POP3 have
logged in as bob, and one of IMAP has not.  Prints "ready", and ends well with its
standard input when the sessions still work then."""
import imaplib, poplib, smtplib, ssl, sys
c = ssl.create_default_context()
c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
who, h = "bob@example.org", "127.0.0.1"
keep = [smtplib.SMTP(h, 25), smtplib.SMTP(h, 587),
        smtplib.SMTP_SSL(h, 465, context=c), imaplib.IMAP4(h, 143),
        imaplib.IMAP4_SSL(h, 993, ssl_context=c), poplib.POP3(h, 110),
        poplib.POP3_SSL(h, 995, context=c)]
for s in keep[:2]:
    s.starttls(context=c)
for s in keep[1:3]:
    s.login(who, "secret")
keep[3].starttls(c)
keep[5].stls(c)
for s in keep[3:5]:
    s.login(who, "secret")
    s.select("INBOX")
for s in keep[5:]:
    s.user(who)
    s.pass_("secret")
    s.stat()
keep.append(imaplib.IMAP4(h, 143))
print("ready", flush=True)
sys.stdin.read()
for s in keep[3:5]:
    s.noop()
    s.logout()
