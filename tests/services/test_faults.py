"""Default project in production: outages, hangs and exhaustion of PostgreSQL and Redis, and race conditions."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from uuid import uuid4

import pytest
import requests
from baking import run
from servers import PATIENCE, PostgreSQL, Program, Redis, Web, eventually, listens, production

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

pytestmark = pytest.mark.services

PHRASE = "correct horse battery"
ADDRESS = "ada@example.com"
RACERS = 8
CREATE_USER = f"""
from django.utils import timezone
from apps.users.models import User
User.objects.create_superuser(email="{ADDRESS}", password="{PHRASE}", email_verified_at=timezone.now())
"""
LOG_IN_TO_ADMIN = f"""
from django.conf import settings
from django.test import Client
from apps.users.models import User
client = Client()
client.force_login(User.objects.get(email="{ADDRESS}"))
print(client.cookies[settings.SESSION_COOKIE_NAME].value)
"""
VERIFY_MARY = f"""
from apps.users.models import User
from apps.users.tokens import EMAIL_VERIFICATION
print(EMAIL_VERIFICATION.make(User.objects.create_user(email="mary@example.com", password="{PHRASE}")))
"""
COUNT_USERS = "from apps.users.models import User; print(User.objects.filter(email='{}').count())"
# Blocks all reads of users.
LOCK = """
import os, psycopg, time
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("LOCK TABLE users_user IN ACCESS EXCLUSIVE MODE")
    print("locked", flush=True)
    while not connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0]:
        time.sleep(0.05)
    print("somebody waits", flush=True)
    time.sleep(600)
"""


@dataclass(frozen=True)
class Servers:
    """Servers and environment of the default project."""

    postgresql: PostgreSQL
    redis: Redis
    project: Path
    folder: Path
    env: dict[str, str]

    def shell(self, code: str) -> str:
        """Run code in the project and return its output."""
        python = self.project / ".venv" / "bin" / "python"
        return run(python, "manage.py", "shell", "-v", "0", "-c", code, cwd=self.project, env=self.env).strip()

    def mend(self) -> None:
        """Restart or resume servers that a failed test has stopped or frozen."""
        if listens(self.postgresql.port):
            self.postgresql.thaw()
        else:
            self.postgresql.start()
        if not self.redis.running():
            self.redis.start()
        self.redis.signal(signal.SIGCONT)

    def locked(self) -> Program:
        """Return a program that locks the users table while it runs."""
        python = self.project / ".venv" / "bin" / "python"
        return Program(python, "-c", LOCK, cwd=self.project, env=self.env, log=self.folder / f"lock-{uuid4()}.log")


class Site:
    """Running default project and its servers."""

    def __init__(self, web: Web, servers: Servers) -> None:
        self.web = web
        self.servers = servers
        self.postgresql = servers.postgresql
        self.redis = servers.redis
        self.headers = {"X-Forwarded-Proto": "https"}

    def ask(self, method: str, path: str, **body: str) -> requests.Response:
        """Send a request, with a timeout longer than those of the project."""
        headers = self.headers
        return requests.request(method, f"{self.web.url}{path}", json=body or None, headers=headers, timeout=PATIENCE)

    def log_in(self) -> dict[str, str]:
        pair: dict[str, str] = self.ask("POST", "/api/v1/auth/token/", email=ADDRESS, password=PHRASE).json()
        self.headers["Authorization"] = f"Bearer {pair['access']}"
        return pair

    def me(self) -> int:
        return self.ask("GET", "/api/v1/users/me/").status_code

    def race(self, path: str, **body: str) -> list[requests.Response]:
        """Send identical requests concurrently."""
        with ThreadPoolExecutor(RACERS) as pool:
            answers = [pool.submit(self.ask, "POST", path, **body) for _ in range(RACERS)]
            return [answer.result() for answer in answers]

    def components(self) -> dict[str, str]:
        found: dict[str, str] = self.ask("GET", "/health/ready/").json()["components"]
        return found


class Load:
    """Continuous requests of three clients, within a context.

    Args:
        site: the requested site.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.statuses: Counter[int] = Counter()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.ask) for _ in range(3)]

    def ask(self) -> None:
        while not self.ended.is_set():
            self.statuses[self.site.me()] += 1

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def goes_on(self, status: int) -> None:
        """Wait for more responses with this status."""
        before = self.statuses[status]
        eventually(lambda: self.statuses[status] > before + 10)


@pytest.fixture(scope="module")
def servers(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Start servers for this module, with one user; tests that stop one must restart it."""
    folder = tmp_path_factory.mktemp("faults")
    with PostgreSQL() as postgresql, Redis(folder) as redis:
        env = production(
            installed,
            DATABASE_URL=postgresql.url(),
            REDIS_URL=redis.url,
            CELERY_BROKER_URL=redis.url,
            **dict.fromkeys(("THROTTLE_ANON", "THROTTLE_AUTH", "THROTTLE_TOKEN", "THROTTLE_USER"), "none"),
        )
        started = Servers(postgresql, redis, installed, folder, env)
        started.shell(CREATE_USER)
        yield started


@pytest.fixture
def site(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Site]:
    """Serve the default project with one process of four threads; the parameter sets variables."""
    env = servers.env | getattr(request, "param", {})
    with Web(servers.project, servers.folder, env, workers=1) as web:
        served = Site(web, servers)
        served.log_in()
        try:
            yield served
        finally:
            servers.mend()


# Chooses the database backend that gives up on a server that hangs.
ANSWER = {"DB_ANSWER_TIMEOUT": "20"}


def statuses(answers: list[requests.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def assert_unavailable(answer: requests.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:problem:service_unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]


@pytest.mark.parametrize("site", [{}, {"DB_POOL_SIZE": "4"}], ids=["connections", "pool"], indirect=True)
def test_server_recovers_after_database_restart(site: Site) -> None:
    worker = site.web.children()
    with Load(site) as load:
        load.goes_on(200)
        site.postgresql.stop("immediate")
        load.goes_on(503)
        assert_unavailable(site.ask("GET", "/api/v1/users/me/"))
        assert_unavailable(site.ask("POST", "/api/v1/auth/token/", email=ADDRESS, password=PHRASE))
        site.postgresql.start()
        eventually(lambda: site.components()["database"] == "ok")
        load.goes_on(200)
    assert set(load.statuses) == {200, 503}
    assert site.web.children() == worker


def test_admin_session_survives_redis_outage_and_database_outage_returns_503_page(site: Site) -> None:
    site.headers["Cookie"] = f"__Host-sessionid={site.servers.shell(LOG_IN_TO_ADMIN)}"
    catalog = "/admin/jsi18n/"
    assert site.ask("GET", catalog).headers["Content-Type"].startswith("text/javascript")
    site.redis.kill()
    assert site.ask("GET", catalog).headers["Content-Type"].startswith("text/javascript")
    site.postgresql.stop()
    page = site.ask("GET", catalog)
    site.postgresql.start()
    site.redis.start()
    assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert int(page.headers["Retry-After"]) > 0
    assert "X-Request-ID" in page.headers


@pytest.mark.parametrize("site", [{"DB_POOL_SIZE": "1", "DB_STATEMENT_TIMEOUT": "8000"}], indirect=True)
def test_exhausted_pool_returns_503(site: Site) -> None:
    with site.servers.locked() as lock, ThreadPoolExecutor(3) as clients:
        lock.wait_for("locked")
        answers = [clients.submit(site.ask, "GET", "/api/v1/users/me/") for _ in range(3)]
        lock.wait_for("somebody waits")
        assert site.ask("GET", "/health/live/").status_code == 200
        for answer in answers:
            assert_unavailable(answer.result())
    assert "couldn't get a connection" in site.web.output()
    eventually(lambda: site.me() == 200)


@pytest.mark.parametrize("site", [{"DB_STATEMENT_TIMEOUT": "500"}], indirect=True)
def test_statement_timeout_returns_503(site: Site) -> None:
    with site.servers.locked() as lock:
        lock.wait_for("locked")
        assert_unavailable(site.ask("GET", "/api/v1/users/me/"))
    assert "canceling statement due to statement timeout" in site.web.output()
    eventually(lambda: site.me() == 200)


@pytest.mark.parametrize("site", [ANSWER, ANSWER | {"DB_POOL_SIZE": "4"}], ids=["connections", "pool"], indirect=True)
def test_hanging_database_returns_503(site: Site) -> None:
    assert site.me() == 200
    site.postgresql.freeze()
    assert site.components()["database"] == "unavailable"
    assert_unavailable(site.ask("GET", "/api/v1/users/me/"))
    assert_unavailable(site.ask("POST", "/api/v1/auth/token/", email=ADDRESS, password=PHRASE))
    assert site.ask("GET", "/health/live/").status_code == 200
    site.postgresql.thaw()
    eventually(lambda: site.components()["database"] == "ok")
    assert site.me() == 200


@pytest.mark.parametrize("site", [{"DB_STATEMENT_TIMEOUT": "1000", "DB_ANSWER_TIMEOUT": "6"}], indirect=True)
def test_database_that_hangs_during_query_returns_503(site: Site) -> None:
    with site.servers.locked() as lock, ThreadPoolExecutor(1) as client:
        lock.wait_for("locked")
        answer = client.submit(site.ask, "GET", "/api/v1/users/me/")
        lock.wait_for("somebody waits")
        site.postgresql.freeze()
        assert_unavailable(answer.result())
        site.postgresql.thaw()
    assert "did not answer in time" in site.web.output()
    eventually(lambda: site.me() == 200)


def test_requests_succeed_when_redis_is_killed_or_hangs(site: Site) -> None:
    with Load(site) as load:
        load.goes_on(200)
        site.redis.kill()
        load.goes_on(200)
        site.redis.start()
        eventually(lambda: site.components()["cache"] == "ok")
        load.goes_on(200)
        site.redis.signal(signal.SIGSTOP)
        load.goes_on(200)
        site.redis.signal(signal.SIGCONT)
        eventually(lambda: site.components()["cache"] == "ok")
    assert set(load.statuses) == {200}


def test_concurrent_registrations_create_one_account(site: Site) -> None:
    address = "grace@example.com"
    answers = site.race("/api/v1/auth/register/", email=address, password=PHRASE)
    assert statuses(answers) == {202: RACERS}
    assert site.servers.shell(COUNT_USERS.format(address)) == "1"


def test_concurrent_verifications_redeem_token_once(site: Site) -> None:
    token = site.servers.shell(VERIFY_MARY)
    answers = site.race("/api/v1/auth/verify-email/", token=token, password=PHRASE)
    assert statuses(answers) == {204: 1, 400: RACERS - 1}


def test_parallel_refreshes_with_one_token_get_the_same_successor(site: Site) -> None:
    refresh = site.log_in()["refresh"]
    answers = site.race("/api/v1/auth/token/refresh/", refresh=refresh)
    assert statuses(answers) == {200: RACERS}
    (successor,) = {answer.json()["refresh"] for answer in answers}
    assert successor != refresh
    assert site.ask("POST", "/api/v1/auth/token/refresh/", refresh=successor).status_code == 200


@pytest.mark.parametrize("site", [{"REFRESH_GRACE_SECONDS": "0"}], indirect=True)
def test_parallel_refreshes_with_one_token_end_the_session_without_a_grace_period(site: Site) -> None:
    refresh = site.log_in()["refresh"]
    answers = site.race("/api/v1/auth/token/refresh/", refresh=refresh)
    winners = [answer.json()["refresh"] for answer in answers if answer.status_code == 200]
    assert len(winners) <= 1
    for token in (refresh, *winners):
        assert site.ask("POST", "/api/v1/auth/token/refresh/", refresh=token).status_code == 401
