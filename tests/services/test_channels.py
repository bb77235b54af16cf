"""WebSockets and event streams of a project with all options on two servers: events, closing, and outages."""

from __future__ import annotations

import json
import re
import signal
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psutil
import pytest
import requests
from baking import run
from servers import HTTPS, PostgreSQL, Redis, Web, eventually, production
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services

PASSWORD = "correct horse battery"  # noqa: S105 - of test users
LIMITS = ("THROTTLE_ANON", "THROTTLE_USER", "THROTTLE_AUTH", "THROTTLE_TOKEN")
GRACE = 30
# Views that send events to one user or to all users from within a request.
SETTINGS = """
from config.settings.production import *

ROOT_URLCONF = "proof_urls"
"""
URLS = """
from itertools import repeat
from threading import Lock
from time import sleep
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from apps.notifications.services import notification_send
from apps.realtime.services import event_broadcast
from apps.users.models import User
from config import urls

def tell(request, email, title):
    notification_send(user=User.objects.get(email=email), kind="message", title=title)
    return HttpResponse()

def broadcast(request, event):
    event_broadcast(event=event, data={})
    return HttpResponse()

def endless(request):
    return StreamingHttpResponse(repeat(b"x" * 1024))

inside, most, lock = 0, 0, Lock()

def crowd(request):
    global inside, most
    with lock:
        inside += 1
        most = max(most, inside)
    sleep(0.2)
    with lock:
        inside -= 1
    return HttpResponse(most)

urlpatterns = [
    path("tell/<email>/<title>/", tell),
    path("broadcast/<event>/", broadcast),
    path("endless/", endless),
    path("crowd/", crowd),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
"""


class Site:
    """Project on two server processes that are connected only through Redis."""

    def __init__(self, project: Path, folder: Path, database: str, redis: Redis) -> None:
        self.project, self.folder, self.redis = project, folder, redis
        (folder / "proof_settings.py").write_text(SETTINGS, encoding="utf-8")
        (folder / "proof_urls.py").write_text(URLS, encoding="utf-8")
        self.env = production(
            project,
            DATABASE_URL=database,
            REDIS_URL=redis.url,
            CELERY_BROKER_URL=redis.url,
            WEB_GRACEFUL_TIMEOUT=str(GRACE),
            **dict.fromkeys(LIMITS, "none"),
        ) | {"DJANGO_SETTINGS_MODULE": "proof_settings", "PYTHONPATH": str(folder)}
        self.one, self.two = self.server(), self.server()

    def server(self) -> Web:
        return Web(self.project, self.folder, self.env, workers=1)

    def user(self, name: str) -> User:
        """Create a user and log in."""
        email = f"{name}@example.com"
        code = (
            "from django.utils.timezone import now; from apps.users.models import User; "
            f"User.objects.create_user({email!r}, {PASSWORD!r}, email_verified_at=now())"
        )
        run(self.project / ".venv" / "bin" / "python", "manage.py", "shell", "-c", code, cwd=self.project, env=self.env)
        return User(self.one, email)


class User:
    """Logged-in user."""

    def __init__(self, web: Web, email: str) -> None:
        self.web, self.email, self.token = web, email, ""
        self.token = self.post("auth/token/", json={"email": email, "password": PASSWORD}).json()["access"]

    @property
    def headers(self) -> dict[str, str]:
        proof = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return proof | {"X-Forwarded-Proto": "https"}

    def post(self, path: str, **body: Any) -> requests.Response:
        answer = requests.post(f"{self.web.url}/api/v1/{path}", headers=self.headers, timeout=10, **body)
        assert answer.ok, answer.text
        return answer

    def ticket(self) -> str:
        return f"ticket.{self.post('realtime/ticket/').json()['ticket']}"

    def socket(self, web: Web, proof: str = "", **options: Any) -> ClientConnection:
        return socket(web, proof or self.ticket(), **options)


@contextmanager
def stream(user: User, web: Web, query: str = "") -> Iterator[Iterator[tuple[str, Any]]]:
    """Open an event stream and yield its events, each with its data."""
    address, headers = f"{web.url}/api/v1/realtime/events/{query}", user.headers | {"Accept": "text/event-stream"}
    if query:
        del headers["Authorization"]
    with requests.get(address, headers=headers, timeout=10, stream=True) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines(chunk_size=1, decode_unicode=True)
        # From here on, no event is missed.
        assert next(lines).startswith("retry: ")
        yield ((line.removeprefix("event: "), json.loads(next(lines)[6:])) for line in lines if line[:5] == "event")


def socket(web: Web, proof: str, query: str = "", **options: Any) -> ClientConnection:
    address = f"ws://127.0.0.1:{web.port}/ws/v1/{query}"
    return connect(address, subprotocols=["events.v1", proof], **options)  # type: ignore[list-item] # Subprotocol is a NewType of str


def get(web: Web, path: str) -> requests.Response:
    return requests.get(f"{web.url}/{path}", headers={"X-Forwarded-Proto": "https"}, timeout=10)


def heard(link: ClientConnection, seconds: float = 10) -> dict[str, Any]:
    """Return the next event."""
    event: dict[str, Any] = json.loads(link.recv(timeout=seconds))
    return event


def serves(link: ClientConnection) -> bool:
    """Return whether a ping is answered."""
    try:
        link.send('{"event": "ping"}')
        return bool(heard(link)["event"] == "pong")
    except ConnectionClosed:
        return False


def opens(user: User, web: Web) -> bool:
    """Return whether a user can open another socket."""
    with user.socket(web, f"bearer.{user.token}") as link:
        return serves(link)


def listen(link: ClientConnection, seconds: float) -> None:
    while True:
        link.recv(timeout=seconds)


def closed(link: ClientConnection, seconds: float = 10) -> int:
    """Wait for the close, skip pending messages, and return the close code.

    Raises:
        TimeoutError: the socket was open and silent for `seconds`.
    """
    with pytest.raises(ConnectionClosed) as end:
        listen(link, seconds)
    assert end.value.rcvd is not None, "closed without a word"
    return end.value.rcvd.code


@pytest.fixture(scope="module")
def database() -> Iterator[PostgreSQL]:
    """Start a PostgreSQL server that these tests may stop."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="module")
def site(everything: Path, tmp_path_factory: pytest.TempPathFactory, database: PostgreSQL) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("channels")
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder))
        site = Site(everything, folder, database.create_database("channels"), redis)
        stack.enter_context(site.one)
        stack.enter_context(site.two)
        yield site


def test_event_reaches_sockets_of_its_user_in_other_process(site: Site) -> None:
    ann, bob = site.user("ann"), site.user("bob")
    with ann.socket(site.one) as first, ann.socket(site.two) as second, bob.socket(site.two) as other:
        assert get(site.one, f"tell/{ann.email}/Paid/").status_code == 200
        assert get(site.one, "broadcast/maintenance/").status_code == 200

        for link in (first, second):
            found = {event["event"]: event["data"] for event in (heard(link), heard(link))}
            assert found["notification.created"]["title"] == "Paid"
            assert "maintenance" in found
        assert heard(other)["event"] == "maintenance"


def test_event_sent_at_end_of_command_is_delivered(site: Site) -> None:
    lines = (
        "import django",
        "django.setup()",
        "from apps.realtime.services import event_broadcast",
        "event_broadcast(event='first', data={})",
        "event_broadcast(event='last', data={})",
    )
    # A host name, which must be resolved, as in a deployment.
    env = site.env | {"REDIS_URL": site.redis.url.replace("127.0.0.1", "localhost")}
    with site.user("olga").socket(site.one) as link:
        run(site.project / ".venv" / "bin" / "python", "-c", "\n".join(lines), cwd=site.project, env=env)
        assert {heard(link)["event"], heard(link)["event"]} == {"first", "last"}


def test_socket_in_other_process_is_closed_after_logout_everywhere(site: Site) -> None:
    carl, dora = site.user("carl"), site.user("dora")
    with (
        carl.socket(site.two) as link,
        carl.socket(site.two, f"bearer.{carl.token}") as more,
        dora.socket(site.two) as kept,
    ):
        carl.post("auth/logout-all/")
        assert closed(link) == 4401
        assert closed(more) == 4401
        assert serves(kept)


def test_ticket_is_single_use_across_processes(site: Site) -> None:
    ticket = site.user("emma").ticket()
    with socket(site.two, ticket) as first, socket(site.one, ticket) as second:
        assert closed(second) == 4401
        assert serves(first)


def test_socket_is_rejected_without_valid_credentials(site: Site) -> None:
    for proof in ("ticket.nonsense", "bearer.nonsense", "nonsense"):
        with socket(site.one, proof) as link:
            assert closed(link) == 4401


def test_foreign_origin_is_rejected_without_redeeming_ticket(site: Site) -> None:
    ticket = site.user("fred").ticket()
    with pytest.raises(InvalidStatus) as refused, socket(site.one, ticket, origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    with socket(site.one, ticket, origin="https://www.example.com") as link:
        assert serves(link)


def test_oversized_message_closes_socket(site: Site) -> None:
    gina = site.user("gina")
    for compression in (None, "deflate"):
        with gina.socket(site.one, compression=compression) as link:
            link.send("x" * 65_536)
            assert heard(link)["event"] == "error"
            link.send("x" * 65_537)
            assert closed(link) == 1009


def test_message_rate_limit_closes_socket(site: Site) -> None:
    with site.user("hans").socket(site.one) as link:
        for _ in range(120):
            assert serves(link)
        link.send('{"event": "ping"}')
        assert closed(link) == 4430


def test_http_and_open_sockets_survive_redis_outage(site: Site) -> None:
    ida = site.user("ida")
    with ida.socket(site.one) as first, ida.socket(site.two) as second:
        site.redis.kill()
        for web in (site.one, site.two):
            assert get(web, "health/live/").status_code == 200
            me = requests.get(f"{web.url}/api/v1/users/me/", headers=ida.headers, timeout=10)
            assert me.json()["email"] == ida.email
        for link in (first, second):
            assert serves(link)
        # Sent during the outage: the notification is stored, the event is lost.
        assert get(site.one, f"tell/{ida.email}/Lost/").status_code == 200
        # New sockets are closed with 1013 (try again later).
        with ida.socket(site.one, f"bearer.{ida.token}") as link:
            assert closed(link) == 1013
        site.redis.start()

        def arrives(link: ClientConnection) -> bool:
            assert get(site.one, f"tell/{ida.email}/Found/").status_code == 200
            try:
                return bool(heard(link, seconds=1)["data"]["title"] == "Found")
            except TimeoutError:
                return False

        for link in (first, second):
            eventually(lambda link=link: arrives(link))  # type: ignore[misc] # mypy ignores defaults of lambdas
        eventually(lambda: opens(ida, site.two))
        with ida.socket(site.two) as third:
            eventually(lambda: arrives(third))
    listed = requests.get(f"{site.one.url}/api/v1/notifications/", headers=ida.headers, timeout=10).json()["results"]
    assert "Lost" in {row["title"] for row in listed}


def test_new_socket_is_closed_when_redis_hangs(site: Site) -> None:
    paul = site.user("paul")
    with paul.socket(site.one) as link:
        site.redis.signal(signal.SIGSTOP)
        try:
            with paul.socket(site.one, f"bearer.{paul.token}") as refused:
                assert closed(refused) == 1013
            assert get(site.one, "broadcast/lost/").status_code == 200
            assert serves(link)
        finally:
            site.redis.signal(signal.SIGCONT)
        eventually(lambda: opens(paul, site.one))


def test_open_sockets_survive_database_outage(site: Site, database: PostgreSQL) -> None:
    rosa = site.user("rosa")
    with rosa.socket(site.one) as link:
        database.stop("immediate")
        try:
            with rosa.socket(site.one, f"bearer.{rosa.token}") as refused:
                assert closed(refused) == 1013
            assert serves(link)
        finally:
            database.start()
        rosa.post("auth/logout-all/")
        assert closed(link) == 4401


def test_event_stream_receives_events_of_other_process(site: Site) -> None:
    nora = site.user("nora")
    with stream(nora, site.two) as one, stream(nora, site.one, f"?ticket={nora.ticket()[7:]}") as two:
        assert get(site.one, f"tell/{nora.email}/Paid/").status_code == 200
        assert get(site.one, "broadcast/maintenance/").status_code == 200
        for events in (one, two):
            found = dict([next(events), next(events)])
            assert found["notification.created"]["title"] == "Paid"
            assert found["maintenance"] == {}


def test_event_stream_holds_no_database_connection_and_no_thread(site: Site, database: PostgreSQL) -> None:
    otto = site.user("otto")
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'channels'"
    with site.server() as web, ExitStack() as stack:
        get(web, "crowd/")
        (worker,) = map(psutil.Process, web.children())
        threads = worker.num_threads()
        for _ in range(8):
            stack.enter_context(stream(otto, web))
        eventually(lambda: database.query(count).strip() == "0")
        eventually(lambda: worker.num_threads() <= threads + 1)


def test_event_stream_ends_after_logout_everywhere(site: Site) -> None:
    petra = site.user("petra")
    with stream(petra, site.two) as events:
        petra.post("auth/logout-all/")
        assert list(events) == []


def test_event_stream_has_no_request_deadline(site: Site) -> None:
    quinn = site.user("quinn")
    env = site.env | {"WEB_REQUEST_TIMEOUT": "1"}
    with Web(site.project, site.folder, env, workers=1) as web, stream(quinn, web) as events:
        # This response is cut off at the deadline.
        address = f"{web.url}/endless/"
        with (
            pytest.raises(requests.RequestException),
            requests.get(address, headers=quinn.headers, timeout=10, stream=True) as endless,
        ):
            deque(endless.iter_content(1024), maxlen=0)
        assert get(site.one, "broadcast/late/").status_code == 200
        assert next(events) == ("late", {})


def test_streaming_response_is_not_buffered(site: Site) -> None:
    address, headers = f"{site.one.url}/endless/", {"X-Forwarded-Proto": "https", "Accept-Encoding": "identity"}
    with requests.get(address, headers=headers, timeout=10, stream=True) as answer:
        assert next(answer.iter_content(1024)) == b"x" * 1024


def test_thread_limit_bounds_concurrent_requests(site: Site) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(get, [site.one] * 20, ["crowd/"] * 20))
    assert max(int(answer.text) for answer in answers) == 4


def test_graceful_shutdown_closes_sockets(site: Site) -> None:
    jan = site.user("jan")
    with site.server() as web, jan.socket(web) as link, jan.socket(site.one) as kept:
        assert web.stop(seconds=GRACE) == 0
        assert closed(link) in {1001, 1012}
        assert serves(kept)


def test_graceful_shutdown_ends_event_streams(site: Site) -> None:
    rudi = site.user("rudi")
    with site.server() as web, stream(rudi, web) as events, stream(rudi, site.one) as kept:
        # Much shorter than the time that requests get.
        assert web.stop(seconds=GRACE / 3) == 0
        # A connection that is closed before the last chunk would raise an error.
        assert list(events) == []
        assert get(site.one, "broadcast/kept/").status_code == 200
        assert next(kept) == ("kept", {})


def test_connection_limit_of_killed_process_expires(site: Site) -> None:
    kim = site.user("kim")
    with ExitStack() as stack:
        web = stack.enter_context(site.server())
        for _ in range(10):
            link = stack.enter_context(kim.socket(web))
            assert serves(link)
        with kim.socket(site.one) as eleventh:
            assert closed(eleventh) == 4429
        web.kill()

    eventually(lambda: opens(kim, site.one), every=1)


def test_logs_contain_no_credentials_or_personal_data(site: Site) -> None:
    lea = site.user("lea")
    ticket = lea.ticket()
    with site.server() as web:
        with (
            socket(web, ticket, f"?secret=word&email={quote(lea.email)}"),
            lea.socket(web, f"bearer.{lea.token}") as link,
        ):
            link.send("secret word")
            heard(link)
        with socket(web, ticket, "?secret=word") as link:
            assert closed(link) == 4401
        second = lea.ticket()
        for other in (second[7:], ticket):
            address = f"{web.url}/api/v1/realtime/events/?ticket={other}"
            requests.get(address, headers=HTTPS, timeout=10, stream=True).close()
        with pytest.raises(InvalidStatus), lea.socket(web, query="?secret=word", origin="https://evil.example"):
            pass
        web.stop()
        # After the stop, when all output is flushed.
        printed = re.sub(r"Listening at: http://127\.0\.0\.1:\d+", "", web.output())

    assert "Booting worker" in printed
    secrets = (
        ticket.removeprefix("ticket."),
        second[7:],
        lea.token,
        "secret",
        lea.email,
        "127.0.0.1",
        "evil.example",
        "ws/v1",
    )
    assert [secret for secret in secrets if secret in printed] == []
