# SPDX-License-Identifier: ISC
"""What an IMAP server says of all mailboxes, as text to compare:
state.py PREFIX COMMAND…  PREFIX is that of the server's personal namespace and
is left out of names; \\Recent is left out too."""
import imaplib
import re
import shlex
import sys

prefix, command = sys.argv[1], sys.argv[2:]
c = imaplib.IMAP4_stream(" ".join(map(shlex.quote, command)))
c.state = "AUTH"  # Courier may say OK before PREAUTH


def ok(answer):
    assert answer[0] == "OK", answer
    return [line for line in answer[1] if line]


def names(lines):
    """The names of LIST or LSUB, without \\Noselect."""
    for line in lines:
        line = line.decode()
        if "\\noselect" in line.lower():
            continue
        name = re.search(r'"?([^" ]+)"?$', line)[1]
        yield name, name[len(prefix):] if name.startswith(prefix) else name


for name, plain in sorted(names(ok(c.list('""', "*"))), key=lambda n: n[1]):
    ok(c.select(name))
    print(plain, "UIDVALIDITY", c.response("UIDVALIDITY")[1][0].decode())
    for line in ok(c.uid("FETCH", "1:*", "(FLAGS)")):
        line = line.decode()
        flags = re.search(r"FLAGS \(([^)]*)\)", line)[1].split()
        print(plain, "UID", re.search(r"UID (\d+)", line)[1],
              *sorted(set(flags) - {"\\Recent"}))
for name in sorted(n[1] for n in names(ok(c.lsub('""', "*")))):
    print("subscribed:", name)
c.logout()
