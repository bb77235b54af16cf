"""The servers that other tests stop and start keep what they were given."""

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


def test_a_killed_redis_comes_back_with_its_data(tmp_path: Path) -> None:
    with Redis(tmp_path) as server:
        assert ask(server, "SET colour blue") == "+OK\r\n"
        server.kill()
        assert not listens(server.port)
        server.start()
        eventually(lambda: "blue" in ask(server, "GET colour"))
    assert not listens(server.port)


def test_a_stopped_postgresql_comes_back_with_its_databases() -> None:
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


def test_waiting_ends() -> None:
    with pytest.raises(AssertionError, match="still False"):
        eventually(lambda: False, seconds=0.1)
