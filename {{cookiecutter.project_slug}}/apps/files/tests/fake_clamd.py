"""Double of clamd that finds the signature of EICAR's test file."""

import socket
import struct
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer, ThreadingUnixStreamServer
from threading import Event, Thread

# Split, so that scanners do not find it here. https://www.eicar.org/download-anti-malware-testfile/
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class FakeClamd:
    """Server on a Unix socket and on a TCP port.

    Attributes:
        reply: the reply instead of the result of a scan; without a reply, the connection stays open.
        max_bytes: the length after which it ends the connection, as clamd does.
        received: the content of each scan.
    """

    def __init__(self, folder: Path) -> None:
        self.reply: bytes | None = b""
        self.max_bytes = 25_000_000
        self.received: list[bytes] = []
        self.closed = Event()
        handler = type("Handler", (_Handler,), {"clamd": self})
        self.servers = [
            ThreadingUnixStreamServer(str(folder / "clamd.ctl"), handler),
            ThreadingTCPServer(("127.0.0.1", 0), handler),
        ]
        self.unix = f"unix://{folder / 'clamd.ctl'}"
        self.tcp = f"tcp://127.0.0.1:{self.servers[1].server_address[1]}"
        for server in self.servers:
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.closed.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()


class _Handler(BaseRequestHandler):
    clamd: FakeClamd
    request: socket.socket

    def handle(self) -> None:
        assert self._read(10) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack(">I", self._read(4))[0]:
            content += self._read(length)
            if len(content) > self.clamd.max_bytes:
                self.request.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.clamd.received.append(content)
        if self.clamd.reply is None:
            self.clamd.closed.wait(10)
        else:
            found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
            self.request.sendall(self.clamd.reply or found)

    def _read(self, length: int) -> bytes:
        parts = b""
        while len(parts) < length:
            part = self.request.recv(length - len(parts))
            assert part, "The client ended the connection."
            parts += part
        return parts
