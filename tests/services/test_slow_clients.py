"""Slow clients without a proxy: the server closes their connections at the request deadline."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from baking import run
from servers import CREATE_USER, HTTPS, PHRASE, PostgreSQL, Web, eventually, production
from slow import SlowClients, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.services
# Four more than the threads of two processes.
COUNT = 12
LARGE = 10 * 2**20
FORM = "multipart/form-data; boundary=x"
UPLOADS = "/api/v1/files/"


class Site:
    """Running project with a user who has uploaded a large file."""

    def __init__(self, web: Web, temporary: Path) -> None:
        self.web = web
        self.temporary = temporary
        headers = HTTPS | {"Authorization": f"Bearer {self.log_in().json()['access']}"}
        upload = {"file": ("large.txt", b"x" * LARGE)}
        file = requests.post(f"{web.url}{UPLOADS}", headers=headers, files=upload, timeout=60).json()
        link = requests.post(f"{web.url}{UPLOADS}{file['id']}/link/", headers=headers, timeout=30).json()
        self.download = link["url"].partition(f"127.0.0.1:{web.port}")[2]

    def log_in(self) -> requests.Response:
        account = {"email": "ada@example.com", "password": PHRASE}
        return requests.post(f"{self.web.url}/api/v1/auth/token/", json=account, headers=HTTPS, timeout=60)

    def clients(self) -> SlowClients:
        return SlowClients(lambda: connect("127.0.0.1", self.web.port), f"127.0.0.1:{self.web.port}")

    def spooled(self) -> int:
        """Count the open temporary files of the workers."""
        links = [link for pid in self.web.children() for link in Path(f"/proc/{pid}/fd").iterdir()]
        return sum(str(self.temporary) in str(link.readlink()) for link in links if link.is_symlink())

    def serves(self) -> bool:
        alive = requests.get(f"{self.web.url}/health/live/", timeout=60)
        return alive.ok and self.log_in().ok


@pytest.fixture(scope="module", params=["with_files", "everything"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL
) -> Iterator[Site]:
    """Serve a project under WSGI, and one under ASGI, with a request deadline of five seconds."""
    project: Path = request.getfixturevalue(request.param)
    folder = tmp_path_factory.mktemp("slow")
    (folder / "temporary").mkdir()
    env = production(
        project,
        CELERY_BROKER_URL="memory://",
        DATABASE_URL=postgresql.create_database(f"slow_{request.param}"),
        MEDIA_ROOT=str(folder / "media"),
        TMPDIR=str(folder / "temporary"),
        WEB_REQUEST_TIMEOUT="5",
        **dict.fromkeys(("THROTTLE_ANON", "THROTTLE_AUTH", "THROTTLE_TOKEN", "THROTTLE_USER"), "none"),
    )
    run(project / ".venv" / "bin" / "python", "manage.py", "shell", "-c", CREATE_USER, cwd=project, env=env)
    with Web(project, folder, env) as web:
        yield Site(web, folder / "temporary")


def test_slow_clients_are_cut_off_at_deadline(site: Site) -> None:
    with site.clients() as slow:
        slow.send(COUNT, "/api/v1/auth/token/")
        slow.read(COUNT, site.download)
        assert site.serves()
        eventually(slow.cut_off)
    assert "took longer than WEB_REQUEST_TIMEOUT" in site.web.output()


def test_idle_connections_do_not_block_server(site: Site) -> None:
    with site.clients() as slow:
        slow.wait(COUNT)
        slow.stay(5 * COUNT, "/health/live/")
        assert site.serves()
        # No connection was closed at the deadline.
        before = site.web.output().count("WEB_REQUEST_TIMEOUT")
        assert site.serves()
        assert site.web.output().count("WEB_REQUEST_TIMEOUT") == before


def test_pipelined_request_without_its_body_is_cut_off(site: Site) -> None:
    host = f"Host: 127.0.0.1:{site.web.port}\r\n"
    probe = f"GET /health/live/ HTTP/1.1\r\n{host}\r\n"
    upload = f"POST {UPLOADS} HTTP/1.1\r\n{host}Content-Type: {FORM}\r\nContent-Length: {LARGE}\r\n\r\n"
    with connect("127.0.0.1", site.web.port) as link:
        link.settimeout(60)
        link.sendall((probe + upload).encode())
        received = b"".join(iter(lambda: link.recv(65_536), b""))
    assert received.startswith(b"HTTP/1.1 200")


def test_anonymous_uploads_do_not_fill_disk(site: Site) -> None:
    with site.clients() as slow:
        slow.send(14, UPLOADS, FORM, LARGE)
        for link in slow.senders:
            link.settimeout(0.2)
            with suppress(OSError):  # the server may not read it
                link.sendall(b"x" * 3 * 2**20)
        assert site.spooled() <= 2 * len(site.web.children())
        assert site.serves()
        eventually(slow.cut_off)
    eventually(lambda: site.spooled() == 0)
