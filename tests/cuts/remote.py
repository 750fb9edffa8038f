# SPDX-License-Identifier: ISC
"""deliver-remote, whose server stops in the middle of its replies."""
import socket
import ssl
import subprocess
import threading

from peer import Peer, Script
from sessions import message

TEXT = message("remote")


class Remote:
    """One recipient is taken, the other one is refused."""
    start_tls = False

    def __init__(self):
        s = self.script = Script()
        s.send(b"220 there\r\n").want(b"EHLO ")
        if self.start_tls:
            s.send(b"250-there\r\n250 STARTTLS\r\n").want(b"STARTTLS")
            s.send(b"220 go\r\n").tls().want(b"EHLO ")
        s.send(b"250-there\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        s.want(b"MAIL ", b"RCPT ", b"RCPT ", b"DATA")
        s.send(b"250 ok\r\n250 2.1.5 ok\r\n")
        s.send(b"550 5.1.1 not here\r\n").need("refused")
        s.send(b"354 go\r\n").want(b".").ack("sent")
        s.send(b"250 2.0.0 taken\r\n").need("taken")
        s.want(b"QUIT").send(b"221 bye\r\n")

    def prepare(self, w):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(20)
        port = self.listener.getsockname()[1]
        with open(w.root + "/routes", "w") as f:
            f.write(f"* [127.0.0.1]:{port} tls=%s\n" %
                    ("required" if self.start_tls else "none"))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(w.root + "/tls/cert.pem",
                                     w.root + "/tls/key.pem")

    def serve(self, how, plain, wire):
        sock, _ = self.listener.accept()
        self.peer = Peer(sock, plain, wire, self.context)
        self.peer.play(self.script)
        self.peer.end(how)
        if how != "rst":
            self.peer.drain()

    def cut(self, w, how, plain, wire):
        """What came of it: {"refused", "taken"}, and the peer."""
        t = threading.Thread(target=self.serve, args=(how, plain, wire))
        t.start()
        p = subprocess.Popen(
            [f"{w.build}/bin/yubin-deliver-remote", "-i", "0abc", "-f",
             "ann@example.test", "r.test", "a@r.test", "b@r.test"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=w.log,
            env=w.env)
        out = p.communicate(TEXT, 60)[0].decode()
        t.join()
        letters = [line[:1] for line in out.splitlines()]
        if p.returncode or len(letters) != 2 or \
                letters[0] not in "RZ" or letters[1] not in "DZ":
            w.problem("crash", f"exit {p.returncode}: {out}")
            return set(), self.peer
        return {e for e, there in (("taken", letters[0] == "R"),
                                   ("refused", letters[1] == "D"))
                if there}, self.peer


class Remotes(Remote):
    start_tls = True
