"""Server helpers: data survives stop and kill."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from servers import PostgreSQL, Redis, eventually, listens

if TYPE_CHECKING:
    from pathlib import Path


def ask(server: Redis, command: str) -> str:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(1000).decode()


def test_redis_keeps_data_after_kill(tmp_path: Path) -> None:
    with Redis(tmp_path) as server:
        assert ask(server, "SET colour blue") == "+OK\r\n"
        server.kill()
        assert not listens(server.port)
        server.start()
        eventually(lambda: "blue" in ask(server, "GET colour"))
    assert not listens(server.port)


def test_redis_is_empty_after_flush(tmp_path: Path) -> None:
    with Redis(tmp_path) as server:
        ask(server, "SET colour blue")
        server.flush()
        assert ask(server, "DBSIZE") == ":0\r\n"


def test_postgresql_keeps_databases_after_stop() -> None:
    with PostgreSQL() as server:
        server.create_database("kept")
        server.stop()
        assert not listens(server.port)
        server.start()
        with pytest.raises(Exception, match="psql"):
            server.create_database("kept")
        server.freeze()
    assert not listens(server.port)
    assert not server.folder.exists()


def test_eventually_times_out() -> None:
    with pytest.raises(AssertionError, match="still False"):
        eventually(lambda: False, seconds=0.1)
