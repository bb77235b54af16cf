"""Uploads to a running server, with raw requests that the test client cannot send."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests
from baking import run
from servers import CREATE_USER, HTTPS, PHRASE, Redis, Web, eventually, production

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services

GIGABYTE = 1024**3
LARGEST = 10_485_760


class Site:
    """Running project and a logged-in user."""

    def __init__(self, web: Web, temporary: Path, media: Path) -> None:
        self.web = web
        self.temporary = temporary
        self.media = media
        pair = requests.post(
            f"{web.url}/api/v1/auth/token/",
            json={"email": "ada@example.com", "password": PHRASE},
            headers=HTTPS,
            timeout=30,
        )
        assert pair.status_code == 200, pair.text
        self.headers = HTTPS | {"Authorization": f"Bearer {pair.json()['access']}"}
        self.url = f"{web.url}/api/v1/files/"

    def upload(self, name: str, content: bytes) -> requests.Response:
        return requests.post(self.url, files={"file": (name, content)}, headers=self.headers, timeout=60)

    def files(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = requests.get(self.url, headers=self.headers, timeout=30).json()["results"]
        return rows

    def link(self, file: dict[str, Any]) -> str:
        answer = requests.post(f"{self.url}{file['id']}/link/", headers=self.headers, timeout=30)
        assert answer.status_code == 200, answer.text
        # The project assumes a TLS proxy.
        url: str = answer.json()["url"]
        return url.replace("https://", "http://")

    def delete(self, file: dict[str, Any]) -> None:
        assert requests.delete(f"{self.url}{file['id']}/", headers=self.headers, timeout=30).status_code == 204

    def send(self, start: bytes, **headers: str) -> socket.socket:
        """Send headers and the start of an upload, and return the connection."""
        sent = {
            "Host": "localhost",
            "Content-Type": "multipart/form-data; boundary=limit",
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        connection = socket.create_connection(("127.0.0.1", self.web.port), timeout=30)
        connection.sendall(f"POST /api/v1/files/ HTTP/1.1\r\n{head}\r\n".encode() + start)
        return connection

    def left(self) -> list[Path]:
        """Return the files in the folders of uploads and of temporary files."""
        return [path for folder in (self.temporary, self.media) for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(params=["with_files", "everything"])
def site(request: pytest.FixtureRequest, tmp_path: Path, redis: Redis) -> Iterator[Site]:
    """Serve the default project with files under WSGI, and the one with WebSockets under ASGI."""
    project: Path = request.getfixturevalue(request.param)
    temporary, media = tmp_path / "temporary", tmp_path / "media"
    temporary.mkdir()
    media.mkdir()
    env = production(
        project,
        DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}",
        CELERY_BROKER_URL=redis.url,
        REDIS_URL=redis.url,
        MEDIA_ROOT=str(media),
        TMPDIR=str(temporary),
    )
    run(project / ".venv" / "bin" / "python", "manage.py", "shell", "-c", CREATE_USER, cwd=project, env=env)
    with Web(project, tmp_path, env, workers=1) as web:
        yield Site(web, temporary, media)


FORM = b'--limit\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nHello'


def status_of(connection: socket.socket) -> int:
    """Read the status of the response."""
    line = connection.makefile("rb").readline()
    return int(line.split()[1])


def test_oversized_upload_is_rejected_by_its_content_length(site: Site) -> None:
    with site.send(b"", Content_Length=str(2 * GIGABYTE)) as connection:
        # The response is sent without waiting for the body.
        assert status_of(connection) == 413
    assert site.left() == []


def test_oversized_upload_that_is_sent_anyway_is_cut_off(site: Site) -> None:
    piece = b"x" * 65_536
    with site.send(b"", Content_Length=str(2 * GIGABYTE)) as connection:
        pieces = 0
        with suppress(ConnectionError):
            while pieces < GIGABYTE / len(piece):
                connection.sendall(piece)
                pieces += 1
    assert pieces < GIGABYTE / len(piece) / 10
    assert site.left() == []
    assert site.upload("a.txt", b"Hello").status_code == 201


def test_chunked_body_is_rejected(site: Site) -> None:
    with site.send(b"5\r\nHello\r\n", Transfer_Encoding="chunked") as connection:
        assert status_of(connection) == 411
    assert site.left() == []


def test_aborted_upload_leaves_nothing(site: Site) -> None:
    with site.send(FORM + b"x" * 3_000_000, Content_Length=str(5_000_000)) as connection:
        connection.shutdown(socket.SHUT_WR)
        # Under ASGI, disconnected clients get no response.
        line = connection.makefile("rb").readline()
    assert b" 400 " in line or not line
    eventually(lambda: site.left() == [])
    assert site.files() == []


def test_too_small_content_length_stores_nothing(site: Site) -> None:
    body = FORM + b"\r\n--limit--\r\n"
    with site.send(body, Content_Length=str(len(body) - 15)) as connection:
        assert status_of(connection) == 400
    assert site.files() == []


def test_concurrent_large_uploads_do_not_exhaust_memory(site: Site) -> None:
    (worker,) = site.web.children()
    site.upload("warm.txt", b"x" * 3_000_000)
    before = psutil.Process(worker).memory_info().rss

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: site.upload("same name.txt", b"x" * LARGEST), range(8)))

    assert [answer.status_code for answer in answers] == [201] * 8
    # If uploads were held in memory, four concurrent ones would need four times their size.
    assert psutil.Process(worker).memory_info().rss - before < 2 * LARGEST
    assert [file["size"] for file in site.files()].count(LARGEST) == 8
    assert len(site.left()) == 9


def test_link_returns_uploaded_content(site: Site) -> None:
    content = bytes(range(32, 127)) * 20_000
    file = site.upload("Zürich.txt", content).json()
    url = site.link(file)

    answer = requests.get(url, headers=HTTPS, timeout=30)
    head = requests.head(url, headers=HTTPS, timeout=30)
    part = requests.get(url, headers=HTTPS | {"Range": "bytes=5-9"}, timeout=30)

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''Z%C3%BCrich.txt"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert head.headers["Content-Length"] == str(len(content))
    assert (part.status_code, part.content) == (200, content)
    assert requests.get(url[:-1], headers=HTTPS, timeout=30).status_code == 403
    site.delete(file)
    assert requests.get(url, headers=HTTPS, timeout=30).status_code == 404
    eventually(lambda: site.left() == [])
