"""Memory usage of eight concurrent image uploads, with two processes of four threads as in a deployment."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import requests
from baking import ROOT, run
from servers import CREATE_USER, HTTPS, PHRASE, Redis, Web, production

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.services

MEGABYTE = 1024**2
# `mem_limit` in deploy/compose/production.yml.
LIMIT = 640 * MEGABYTE
AT_ONCE = 8
# Spooled bodies: the temporary folder of a container is in memory (tmpfs).
BODIES = AT_ONCE * 10 * MEGABYTE
DRAW = ROOT / "tests" / "draw_images.py"


class Site:
    """Running project and a logged-in user."""

    def __init__(self, web: Web, images: Path) -> None:
        self.web = web
        self.images = images
        login = {"email": "ada@example.com", "password": PHRASE}
        pair = requests.post(f"{web.url}/api/v1/auth/token/", json=login, headers=HTTPS, timeout=30)
        assert pair.status_code == 200, pair.text
        self.headers = HTTPS | {"Authorization": f"Bearer {pair.json()['access']}"}

    def send(self, method: str, path: str, field: str, name: str) -> int:
        files = {field: (name, (self.images / name).read_bytes())}
        url = f"{self.web.url}/api/v1/{path}"
        return requests.request(method, url, files=files, headers=self.headers, timeout=120).status_code

    def upload(self, name: str) -> int:
        return self.send("POST", "files/", "file", name)

    def set_avatar(self, name: str) -> int:
        return self.send("PUT", "users/me/avatar/", "avatar", name)

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(pid) for pid in (self.web.pid, *self.web.children())]


@pytest.fixture(params=["with_files", "everything"])
def site(request: pytest.FixtureRequest, tmp_path: Path, redis: Redis) -> Iterator[Site]:
    """Serve the default project with files under WSGI, and the one with WebSockets under ASGI, as in Compose."""
    project: Path = request.getfixturevalue(request.param)
    env = production(
        project,
        DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}",
        CELERY_BROKER_URL=redis.url,
        REDIS_URL=redis.url,
        MEDIA_ROOT=str(tmp_path),
        WEB_THREADS="4",
        **dict.fromkeys(("THROTTLE_ANON", "THROTTLE_AUTH", "THROTTLE_TOKEN", "THROTTLE_USER"), "none"),
    )
    run(project / ".venv" / "bin" / "python", "manage.py", "shell", "-c", CREATE_USER, cwd=project, env=env)
    images = tmp_path / "images"
    images.mkdir()
    run(project / ".venv" / "bin" / "python", DRAW, images, cwd=project, env=env)
    with Web(project, tmp_path, env, workers=2) as web:
        yield Site(web, images)


def peak_of(process: psutil.Process) -> int:
    """Return the peak resident set size of a process since `forget_peak`."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def forget_peak(process: psutil.Process) -> None:
    # https://www.kernel.org/doc/html/latest/filesystems/proc.html, clear_refs
    Path(f"/proc/{process.pid}/clear_refs").write_text("5", encoding="ascii")


def test_concurrent_images_stay_below_memory_limit(site: Site) -> None:
    for _number in range(AT_ONCE):
        assert site.upload("small.png") == 201
    processes = site.processes()
    # PSS counts shared memory once.
    start = sum(process.memory_full_info().pss for process in processes)
    resident = [process.memory_info().rss for process in processes]

    def peak(send: Callable[[str], int], name: str) -> tuple[set[int], int]:
        """Send an image concurrently, and return the statuses and the peak memory of all processes."""
        for process in processes:
            forget_peak(process)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            statuses = set(pool.map(send, [name] * AT_ONCE))
        # Worst case: all processes at their peak at the same time.
        grown = sum(peak_of(process) - before for process, before in zip(processes, resident, strict=True))
        return statuses, start + grown

    for name, taken in json.loads((site.images / "images.json").read_text(encoding="utf-8")).items():
        statuses, memory = peak(site.upload, name)
        # On a busy machine, some requests exceed the wait for the decoder.
        assert statuses - {503} == {201 if taken else 400}, name
        assert memory + BODIES < LIMIT, name
        statuses, memory = peak(site.set_avatar, name)
        assert statuses - {503} == {200 if taken else 400}, name
        assert memory < LIMIT, name
    assert [process.pid for process in site.processes()] == [process.pid for process in processes]
