"""The server: its graceful shutdown, and its deadline for each request."""

import socket
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

from tests.production import Server, served

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


def test_a_server_that_ends_finishes_its_requests_and_refuses_new_ones_meanwhile(tmp_path: Path) -> None:
    with (
        # One process, which has the request: what gunicorn tells one that is still starting is lost.
        served(tmp_path) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as client,
    ):
        client.sendall(HEAD)
        answer = client.makefile("rb")
        # The body is wanted: a worker has the request.
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


def test_deadline_closes_slow_connections_and_leaves_idle_ones(tmp_path: Path) -> None:
    with (
        served(tmp_path, WEB_REQUEST_TIMEOUT="1") as server,
        closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as idle,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as slow,
    ):
        idle.request("GET", "/health/live/")
        assert idle.getresponse().read() == b'{"status": "ok"}'
        slow.sendall(HEAD + BODY[:5])
        with suppress(ConnectionError):
            while slow.recv(4096):
                pass
        # It has been idle for longer than the other had to send its request.
        idle.request("GET", "/health/live/")
        assert idle.getresponse().status == 200
