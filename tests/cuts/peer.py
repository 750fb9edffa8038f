# SPDX-License-Identifier: ISC
"""A client or a server that stops in the middle: scripts of what it says, and a
peer that plays one until so many octets are out."""
import socket
import ssl
import struct


class Script:
    """What a client says and waits for.

    need(e): the effect e may be there once all before has been sent;
    ack(e): and must be there, once all before has been received."""

    def __init__(self):
        self.ops, self.size, self.needs = [], 0, {}
        self.clear = 0  # octets before TLS

    def send(self, *parts):
        for part in parts:
            self.ops.append(("send", part))
            self.size += len(part)
        return self

    def want(self, *starts):
        self.ops += [("want", s) for s in starts]
        return self

    def need(self, effect):
        self.needs[effect] = self.size
        return self

    def ack(self, effect):
        self.ops.append(("ack", effect))
        return self

    def tls(self):
        self.ops.append(("tls", None))
        self.clear = self.size
        return self


class Ended(Exception):
    """The server has closed."""


class Spent(Exception):
    """All octets that may be sent are out."""


def client_context():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    return c


CLIENT = client_context()


class Peer:
    """plain, wire: octets of what is said, or of what goes over the wire, that
    are left; None: as many as there are.  context: of a server of TLS."""

    def __init__(self, sock, plain=None, wire=None, context=None):
        self.sock, self.context = sock, context
        self.sock.settimeout(20)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.plain, self.wire = plain, wire
        self.said = self.wired = 0
        self.data, self.acked = b"", set()
        self.ssl = None

    # ------------------------------------------------------------------ wire

    def raw(self, data):
        cut = data if self.wire is None else data[:self.wire - self.wired]
        self.wired += len(cut)
        if cut:
            self.sock.sendall(cut)
        if len(cut) < len(data):
            raise Spent

    def receive(self):
        try:
            part = self.sock.recv(65536)
        except OSError as e:
            if isinstance(e, socket.timeout):
                raise
            raise Ended from None
        if not part:
            raise Ended
        return part

    def flush(self):
        if out := self.outgoing.read():
            self.raw(out)

    def pump(self, call):
        """Do something with TLS until it is done."""
        while True:
            try:
                result = call()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                self.incoming.write(self.receive())
            except ssl.SSLError:
                raise Ended from None

    def start_tls(self):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl = (self.context or CLIENT).wrap_bio(
            self.incoming, self.outgoing, server_side=bool(self.context))
        self.pump(self.ssl.do_handshake)

    # --------------------------------------------------------------- content

    def send(self, data):
        cut = data if self.plain is None else data[:self.plain - self.said]
        self.said += len(cut)
        if cut and self.ssl:
            self.pump(lambda: self.ssl.write(cut))
        elif cut:
            self.raw(cut)
        if len(cut) < len(data):
            raise Spent

    def more(self):
        if not self.ssl:
            return self.receive()
        got = self.pump(lambda: self.ssl.read(65536))
        if not got:
            raise Ended
        return got

    def want(self, start):
        """Skip lines until one starts so."""
        while True:
            while b"\r\n" in self.data:
                line, self.data = self.data.split(b"\r\n", 1)
                if line.startswith(start):
                    return
            self.data += self.more()

    # ------------------------------------------------------------------ play

    def play(self, script):
        """Until the octets are spent, or the server ends it; or to the end."""
        try:
            for op, what in script.ops:
                if op == "send":
                    self.send(what)
                elif op == "want":
                    self.want(what)
                elif op == "ack":
                    self.acked.add(what)
                else:
                    self.start_tls()
        except (Spent, Ended, ConnectionError):
            pass

    def end(self, how):
        """fin: no more from us; rst: reset; notify: the end of TLS, too."""
        if how == "rst":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
            self.sock.close()
            return
        try:
            if how == "notify" and self.ssl:
                try:
                    self.ssl.unwrap()
                except ssl.SSLError:
                    pass
                self.sock.sendall(self.outgoing.read())
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def drain(self):
        """What the server still says, to its end; it may acknowledge."""
        try:
            while True:
                self.more()
        except (Ended, Spent, ssl.SSLError, ConnectionError):
            pass
        finally:
            self.sock.close()
