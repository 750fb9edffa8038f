# SPDX-License-Identifier: ISC
# fill.py MAILDIR N: put N messages of several kinds into MAILDIR/new.
import os
import sys

maildir, count = sys.argv[1], int(sys.argv[2])
for i in range(count):
    text = (f"From: sender{i}@elsewhere.test\nTo: ann@example.test\n"
            f"Subject: filled {i}\nMessage-ID: <filled{i}@elsewhere.test>\n"
            "MIME-Version: 1.0\n")
    if i % 3 == 1:
        text += "Content-Type: text/plain; charset=utf-8\n\nGrüße, 郵便.\n"
    elif i % 3 == 2:
        text += ('Content-Type: multipart/mixed; boundary="b"\n\n--b\n\none\n'
                 "--b\nContent-Type: application/octet-stream\n"
                 "Content-Transfer-Encoding: base64\n\nAAECAw==\n--b--\n")
    else:
        text += "\n" + "A line of text.\n" * (i + 1)
    name = f"{1700000000 + i}.M{i}P1.filled"
    with open(os.path.join(maildir, "tmp", name), "wb") as f:
        f.write(text.encode())
    os.rename(os.path.join(maildir, "tmp", name),
              os.path.join(maildir, "new", name))
