"""Gunicorn worker: deadline of a request."""

import socket
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from infrastructure.tests.test_gunicorn import BODY, HEAD
from tests.production import served

pytestmark = pytest.mark.process


def test_request_deadline_closes_slow_but_not_idle_connections(tmp_path: Path) -> None:
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
        # It was idle for longer than the request timeout.
        idle.request("GET", "/health/live/")
        assert idle.getresponse().status == 200
