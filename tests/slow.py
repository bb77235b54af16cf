"""Slow clients (Slowloris): they send a body byte by byte, or do not read the response."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class SlowClients:
    """Connections whose requests never complete.

    Args:
        connect: opens a connection to the server.
        host: the value of the `Host` header.
    """

    def __init__(self, connect: Callable[[], socket.socket], host: str) -> None:
        self.connect = connect
        self.head = f"HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Proto: https\r\n"
        self.senders: list[socket.socket] = []
        self.others: list[socket.socket] = []
        self.ended = threading.Event()
        self.drip = threading.Thread(target=self._drip, daemon=True)

    def __enter__(self) -> Self:
        self.drip.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self.drip.join()
        for link in (*self.senders, *self.others):
            link.close()

    def send(self, count: int, path: str, content_type: str = "application/json", length: int = 100_000) -> None:
        """Start requests with a body, and send a byte of each twice a second."""
        head = f"POST {path} {self.head}Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
        self.senders += self._open(count, head.encode() + b'{"email"')

    def read(self, count: int, path: str) -> None:
        """Request a response without reading it."""
        self.others += self._open(count, f"GET {path} {self.head}\r\n".encode())

    def stay(self, count: int, path: str) -> None:
        """Request a response with `Connection: close`, and keep the connection open."""
        self.others += self._open(count, f"GET {path} {self.head}Connection: close\r\n\r\n".encode())

    def wait(self, count: int) -> None:
        """Open connections without sending anything."""
        self.others += self._open(count, b"")

    def cut_off(self) -> bool:
        """Return whether the server has closed all connections of `send`."""
        return all(map(_closed, self.senders))

    def _open(self, count: int, request: bytes) -> list[socket.socket]:
        links = [self.connect() for _ in range(count)]
        for link in links:
            link.sendall(request)
        return links

    def _drip(self) -> None:
        while not self.ended.wait(0.5):
            for link in list(self.senders):
                with contextlib.suppress(OSError):
                    link.sendall(b"x")


def connect(host: str, port: int) -> socket.socket:
    """Connect with a small receive buffer, so that unread data stays on the server."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.settimeout(30)
    link.connect((host, port))
    return link


def _closed(link: socket.socket) -> bool:
    link.settimeout(0)
    try:
        while link.recv(4096):
            pass
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    return True
