"""Gunicorn worker: graceful shutdown."""

import socket
import time
from pathlib import Path

import pytest

from tests.production import Server, served

pytestmark = pytest.mark.process

BODY = b'{"token": "not one of ours"}'
HEAD = (
    b"POST /api/v1/auth/token/verify/ HTTP/1.1\r\nHost: api.example.com\r\nX-Forwarded-Proto: https\r\n"
    b"Connection: close\r\nExpect: 100-continue\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


def refuses(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_graceful_shutdown_finishes_requests_and_refuses_connections(tmp_path: Path) -> None:
    with (
        # One worker, which has the request: signals to a starting worker are lost.
        served(tmp_path) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as client,
    ):
        client.sendall(HEAD)
        answer = client.makefile("rb")
        # "100 Continue" shows that a worker has the request.
        assert answer.readline() + answer.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(BODY[:5])
        server.process.terminate()
        deadline = time.monotonic() + 20
        while not refuses(server):
            assert time.monotonic() < deadline, "who connects is kept waiting"
            time.sleep(0.02)
        assert server.process.poll() is None
        client.sendall(BODY[5:])
        assert answer.readline() == b"HTTP/1.1 401 Unauthorized\r\n"
        assert server.process.wait(30) == 0
