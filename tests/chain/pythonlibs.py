# SPDX-License-Identifier: ISC
# Python's own smtplib, imaplib and poplib against the servers of servers.bash.
import email.message
import email.policy
import imaplib
import os
import poplib
import smtplib
import ssl
import time

context = ssl.create_default_context(cafile=os.environ["CA"])
port = {k: int(os.environ[k]) for k in (
    "SMTP SUBMISSION SUBMISSIONS POP3 POP3S IMAP IMAPS").split()}
USER, PASSWORD = "ann@example.test", "secret"


def message(subject):
    m = email.message.EmailMessage()
    m["From"], m["To"], m["Subject"] = USER, USER, subject
    m.set_content("A body with ümlauts and\n.\na lone dot.\n")
    m.add_attachment(bytes(range(256)) * 40, maintype="application",
                     subtype="octet-stream", filename="données.bin")
    return m


def send():
    with smtplib.SMTP("127.0.0.1", port["SUBMISSION"]) as s:
        s.ehlo()
        assert not s.has_extn("auth"), "AUTH must not be offered in clear"
        s.starttls(context=context)
        s.login(USER, PASSWORD)
        assert s.send_message(message("python-starttls")) == {}
    with smtplib.SMTP_SSL("127.0.0.1", port["SUBMISSIONS"],
                          context=context) as s:
        s.login(USER, PASSWORD)
        s.send_message(message("python-tls"))
        code, _ = s.vrfy("ann")
        assert code == 252, code
        code, _ = s.docmd("MAIL", "FROM:<ann@example.test>")
        assert code == 250, code
        code, _ = s.docmd("DATA")
        assert code in (503, 554), code  # RFC 5321 3.3 allows either


def imap_session(c):
    c.login(USER, PASSWORD)
    assert c.select("INBOX")[0] == "OK"
    for _ in range(200):
        c.noop()
        ok, found = c.search(None, "SUBJECT", "python-")
        if len(found[0].split()) >= 2:
            break
        time.sleep(0.05)
    numbers = found[0].split()
    assert ok == "OK" and len(numbers) >= 2, found
    ok, data = c.fetch(numbers[0], "(RFC822.SIZE BODYSTRUCTURE BODY.PEEK[])")
    raw = next(d[1] for d in data if isinstance(d, tuple))
    parsed = email.message_from_bytes(raw)
    attachment = [p for p in parsed.walk() if p.get_filename()]
    assert attachment[0].get_payload(decode=True) == bytes(range(256)) * 40
    assert f"RFC822.SIZE {len(raw)}".encode() in data[0][0], data[0][0]
    assert c.store(numbers[0], "+FLAGS", r"(\Flagged $Label1)")[0] == "OK"
    ok, data = c.fetch(numbers[0], "(FLAGS)")
    assert rb"\Flagged" in data[0] and b"$Label1" in data[0], data
    assert c.create("Projects.2026")[0] == "OK"
    assert c.copy(numbers[0], "Projects.2026")[0] == "OK"
    ok, data = c.status("Projects.2026", "(MESSAGES UIDNEXT UIDVALIDITY)")
    assert b"MESSAGES 1" in data[0], data
    ok, data = c.append("Drafts", r"(\Draft \Seen)",
                        imaplib.Time2Internaldate(1700000000),
                        message("appended").as_bytes(
                            policy=email.policy.SMTP))
    assert ok == "OK" and b"APPENDUID" in data[0], data
    assert c.rename("Projects.2026", "Projects.Old")[0] == "OK"
    assert c.delete("Projects.Old")[0] == "OK"
    ok, data = c.list()
    assert any(b"INBOX" in d for d in data), data
    c.logout()


def pop_session(c):
    c.user(USER)
    c.pass_(PASSWORD)
    count, total = c.stat()
    assert count >= 2 and total > 0
    sizes = [int(x.split()[1]) for x in c.list()[1]]
    assert sum(sizes) == total
    uidls = [x.split()[1] for x in c.uidl()[1]]
    assert len(set(uidls)) == count
    for i in range(1, count + 1):
        lines = c.retr(i)[1]
        assert sum(len(x) + 2 for x in lines) == sizes[i - 1], i
    assert len(c.top(1, 0)[1]) > 3
    c.dele(1)
    c.rset()
    assert c.stat()[0] == count
    c.quit()


send()
imap_session(imaplib.IMAP4_SSL("127.0.0.1", port["IMAPS"],
                               ssl_context=context))
imap = imaplib.IMAP4("127.0.0.1", port["IMAP"])
imap.starttls(context)
imap_session(imap)
pop_session(poplib.POP3_SSL("127.0.0.1", port["POP3S"], context=context))
pop = poplib.POP3("127.0.0.1", port["POP3"])
pop.stls(context=context)
pop_session(pop)
