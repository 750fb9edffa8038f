# SPDX-License-Identifier: ISC
"""Messages whose text follows from their ids, so that anybody can tell whether
one is whole."""
import re
import zlib

ID = re.compile(rb"^X-Id: (\S+)\r?$", re.M)
# What a delivery may put in front.
PREFIX = re.compile(rb"(?:(?:Return-Path|Delivered-To|Received):.*\n"
                    rb"(?:[ \t].*\n)*)*\Z")


def text(ident):
    """With LF."""
    seed = zlib.crc32(ident.encode())
    lines = seed // 16 % (400 if seed % 16 == 0 else 30)
    return (f"X-Id: {ident}\nFrom: <a@example.test>\nSubject: {ident}\n\n"
            + "".join(f"{ident} {i} {'x' * (seed % 61)}\n"
                      for i in range(lines)) + "the end\n").encode()


def mortal(ident):
    """Whether sessions may expunge it; the rest is counted one by one."""
    return zlib.crc32(ident.encode() + b"m") % 8 != 0


def whole(octets):
    """The id of a message that is as it was made, or None."""
    octets = octets.replace(b"\r\n", b"\n")
    m = ID.search(octets)
    if not m or octets[m.start():] != text(m[1].decode()) or \
            not PREFIX.match(octets[:m.start()]):
        return None
    return m[1].decode()
