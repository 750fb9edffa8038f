# SPDX-License-Identifier: ISC
"""Python's poplib against the servers of pop3_clients.bats, on a maildrop of
four messages, of which the last one is long; one is left out in the end."""
import os
import poplib
import ssl

context = ssl.create_default_context(cafile=os.environ["CA"])
POP3, POP3S = int(os.environ["POP3"]), int(os.environ["POP3S"])


def start(tls):
    if tls:
        return poplib.POP3_SSL("127.0.0.1", POP3S, context=context)
    c = poplib.POP3("127.0.0.1", POP3)
    assert "STLS" in c.capa() and "USER" not in c.capa()
    c.stls(context=context)
    return c


def login(tls):
    c = start(tls)
    before = c.capa()
    assert "STLS" not in before, "TLS is on"
    assert before["EXPIRE"] == ["NEVER"] and "UTF8" in before
    c.utf8()
    c.user("ann@example.test")
    c.pass_("secret")
    assert c.capa() == before, "the same after the login"
    return c


def all_of_it(c):
    count, total = c.stat()
    sizes = [int(x.split()[1]) for x in c.list()[1]]
    assert count == 4 and len(sizes) == 4 and sum(sizes) == total
    uidls = c.uidl()[1]
    assert len({x.split()[1] for x in uidls}) == 4
    for i in range(1, 5):
        resp, lines, _ = c.retr(i)
        assert sum(len(x) + 2 for x in lines) == sizes[i - 1], i
        assert resp == b"+OK %d octets" % sizes[i - 1]
    assert len(c.top(1, 0)[1]) == 5
    c.dele(1)
    c.rset()
    assert c.stat() == (count, total)
    return uidls


def cut_off(c):
    """Goes away amidst a long answer."""
    c.dele(1)
    c._shortcmd("RETR 4")
    c.sock.close()
    c.file.close()


first = None
for tls in (False, True):
    c = login(tls)
    uidls = all_of_it(c)
    first = first or uidls
    assert uidls == first
    c.quit()
    cut_off(login(tls))
    c = login(tls)
    assert c.stat()[0] == 4 and c.uidl()[1] == first
    c.dele(2)
    c.close()  # without QUIT
c = login(True)
assert c.stat()[0] == 4 and c.uidl()[1] == first
c.dele(2)
c.quit()
c = login(False)
assert [x.split()[1] for x in c.uidl()[1]] == \
    [x.split()[1] for x in first if not x.startswith(b"2 ")]
c.quit()
