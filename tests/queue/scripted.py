#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A server that plays a script, one part per connection.

usage: scripted.py PORTFILE TRANSCRIPT [CERTDIR] <script

Lines of the script:
  > text    send text and CRLF        >raw text   send with Python escapes
  < text    the next line must start so (any case)
  <data     read up to the lone dot, keep the message in TRANSCRIPT.msgN
  <bdat     read BDAT and its octets, add them to TRANSCRIPT.bdat
  tls       start TLS as server       tlsbad      send rubbish instead of it
  flood N   send N times "250-x"      drop        close now
  reset     close now, with a reset
  hold      read until the client closes
  stall N   read nothing for N seconds
  until F   wait until the file F exists
  --        the next connection
The transcript has what was received, "TLS" and "END" per connection.
"""
import os
import socket
import ssl
import struct
import sys
import time

portfile, transcript = sys.argv[1:3]
parts = [p.strip().split("\n") for p in sys.stdin.read().split("\n--\n")]
log = open(transcript, "w", buffering=1)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
messages = 0


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(20)
        self.data = b""

    def line(self):
        while b"\n" not in self.data:
            part = self.sock.recv(4096)
            if not part:
                return None
            self.data += part
        line, self.data = self.data.split(b"\n", 1)
        return line + b"\n"

    def message(self):
        global messages
        messages += 1
        with open("%s.msg%d" % (transcript, messages), "wb") as f:
            while True:
                line = self.line()
                if line is None or line == b".\r\n":
                    return
                f.write(line)

    def chunk(self):
        line = self.line()
        log.write(line.decode("latin-1").replace("\r\n", "\n"))
        n = int(line.split()[1])
        while len(self.data) < n:
            part = self.sock.recv(65536)
            if not part:
                return
            self.data += part
        with open(transcript + ".bdat", "ab") as f:
            f.write(self.data[:n])
        self.data = self.data[n:]

    def tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3] + "/cert.pem",
                                sys.argv[3] + "/key.pem")
        self.sock = context.wrap_socket(self.sock, server_side=True)
        log.write("TLS\n")

    def expect(self, want):
        line = self.line()
        log.write((line or b"EOF\n").decode("latin-1").replace("\r\n", "\n"))
        if line is None or not line.upper().startswith(want.encode().upper()):
            log.write("EXPECTED %s\n" % want)
            return False
        return True

    def step(self, s):
        """Play one step; False ends the connection."""
        if s.startswith("> "):
            self.sock.sendall(s[2:].encode() + b"\r\n")
        elif s.startswith(">raw "):
            self.sock.sendall(s[5:].encode().decode("unicode_escape")
                              .encode("latin-1"))
        elif s == "<data":
            self.message()
        elif s == "<bdat":
            self.chunk()
        elif s.startswith("<"):
            return self.expect(s[1:].strip())
        elif s == "tls":
            self.tls()
        elif s == "tlsbad":
            self.sock.recv(4096)
            self.sock.sendall(b"this is not TLS\r\n")
        elif s.startswith("flood "):
            for _ in range(int(s[6:])):
                self.sock.sendall(b"250-x\r\n")
        elif s == "hold":
            while self.sock.recv(4096):
                pass
        elif s.startswith("stall "):
            time.sleep(int(s[6:]))
        elif s.startswith("until "):
            while not os.path.exists(s[6:]):
                time.sleep(0.05)
        elif s == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        return s not in ("drop", "reset")


with open(portfile, "w") as f:
    f.write("%d\n" % listener.getsockname()[1])
for part in parts:
    sock, _ = listener.accept()
    c = Connection(sock)
    try:
        for s in part:
            if not c.step(s):
                break
    except OSError as e:
        log.write("ERROR %s\n" % type(e).__name__)
    log.write("END\n")
    c.sock.close()
