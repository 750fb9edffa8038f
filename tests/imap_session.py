# SPDX-License-Identifier: ISC
# One IMAP connection of a benchmark.  What comes is thrown away as fast as it
# comes, but for the end, where the tagged line is.
import socket

KEPT = 65536


class Session:
    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(600)
        self.tag = 0
        self.buffer = bytearray(1 << 20)
        self.octets = 0  # received by the last command
        self.until_line(b"* ")

    @classmethod
    def login(cls, port):
        s = socket.create_connection(("127.0.0.1", port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        new = cls(s)
        new.command("LOGIN ann@example.test secret")
        return new

    def until_line(self, *starts):
        """Read until the last line that came is whole and starts so; returns
        the end of what came."""
        got = b""
        while True:
            n = self.sock.recv_into(self.buffer)
            if n == 0:
                raise EOFError(got[-300:])
            self.octets += n
            got = (got + self.buffer[max(0, n - KEPT):n])[-KEPT:]
            last = got.rfind(b"\n", 0, -1) + 1
            if got.endswith(b"\n") and got.startswith(starts, last):
                return got

    def start(self, line, more=b""):
        """Send a command; returns its tag."""
        self.tag += 1
        self.octets = 0
        tag = b"t%d " % self.tag
        self.sock.sendall(tag + line.encode() + b"\r\n" + more)
        return tag

    def finish(self, tag):
        """The end of a command's answer; fails unless it is OK."""
        got = self.until_line(tag)
        last = got.rfind(b"\n", 0, -1) + 1
        if not got.startswith(tag + b"OK", last):
            raise RuntimeError(got[-300:])
        return got

    def command(self, line, more=b""):
        return self.finish(self.start(line, more))

    def close(self):
        self.command("LOGOUT")
        self.sock.close()
