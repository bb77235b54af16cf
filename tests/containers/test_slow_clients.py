"""Slow clients behind each proxy: they block no thread of the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from slow import SlowClients
from stack import HOST, PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack import Stack

pytestmark = pytest.mark.containers
# Four more than the threads of two processes.
COUNT = 12
# The gthread worker of gunicorn waits for slow clients without a limit.
THREADS = """
services:
  web:
    command: [gunicorn, --worker-class, gthread, "config.wsgi:application"]
"""


@pytest.fixture(params=["uvicorn", "gthread"])
def served(request: pytest.FixtureRequest, stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """Return the stack with each worker class."""
    if request.param == "uvicorn":
        yield stack
        return
    (tmp_path / "threads.yml").write_text(THREADS, encoding="utf-8")
    stack.files.append(tmp_path / "threads.yml")
    stack.compose("up", "--detach", "--wait", "web")
    yield stack
    stack.files.pop()
    stack.compose("up", "--detach", "--wait", "web")


def test_slow_clients_do_not_delay_other_requests(served: Stack) -> None:
    account = {"email": "slow@example.com", "password": PASSWORD}
    headers = served.log_in(account["email"])
    upload = {"file": ("large.txt", b"x" * 10 * 2**20, "text/plain")}
    file = served.ask("POST", "/api/v1/files/", headers=headers, files=upload).json()
    link = served.ask("POST", f"/api/v1/files/{file['id']}/link/", headers=headers).json()["url"]
    with SlowClients(served.connect, f"{HOST}:{served.https_port}") as slow:
        slow.send(COUNT, "/api/v1/auth/token/")
        slow.send(COUNT, "/api/v1/files/", "multipart/form-data; boundary=x", length=10_000_000)
        slow.read(COUNT, link.removeprefix(served.url))
        # Far shorter than any deadline.
        for _ in range(5):
            assert served.session.get(f"{served.url}/health/live/", timeout=5).ok
            assert served.session.post(f"{served.url}/api/v1/auth/token/", json=account, timeout=5).ok
        assert not slow.cut_off()
    assert served.healthy("proxy")
    assert served.inspect(served.containers("proxy")[0])["RestartCount"] == 0
