"""Hostile requests to all routes: no 5xx, and problem details for every error."""

import gzip
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.urls import reverse
from django.utils.module_loading import import_string
from drf_spectacular.generators import EndpointEnumerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.users.tests.factories import StaffFactory
from config.wsgi import application as wsgi_application
from conftest import Client
from tests.exchange import Received, Sent

pytestmark = pytest.mark.django_db

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "request_id"}
CHARSETS = [
    "rot13",
    "zlib",
    "base64",
    "hex",
    "bz2",
    "uu",
    "punycode",
    "idna",
    "unicode_escape",
    "raw_unicode_escape",
    "undefined",
    "utf-7",
    "utf-16",
    "unknown",
    "../x",
    "",
    '"',
    "x" * 10_000,
    "a\0b",
]
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
]
CONTENT_TYPES = [
    *TYPES,
    *(f"{kind}; charset={charset}" for kind in TYPES for charset in ("utf-8", *CHARSETS)),
    "multipart/form-data",
    "multipart/form-data; boundary=\xff",
    "application/json; a*=nope''x",
    "application/json; a*0*=zlib''x",
    "application/json; indent=9",
    'a/b; "' + '"' * 3_000,
    "; ;",
    "=",
    ";" * 5_000,
    "\xff/\xff",
]
QUERIES = [
    "",
    "%",
    "%ff",
    "%00",
    "a" * 3_000,
    "a&" * 3_000,
    "only=%41",
    "format=html",
    "format=%00",
    "version=v9",
    "lang=%ff",
    "page_size=" + "9" * 5_000,
    "ordering=" + "-email,email," * 50,
    "cursor=eA%3D%3D",
    "cursor=%00",
    "search=%00",
    "search=" + "%F0%9F%98%80" * 100,
    "is_active=%00",
    "role=%00",
    "created_after=0001-01-01T00:00:00%2B23:59",
    "created_before=99999999999",
    "token=%00:a:b",
    "size_min=" + "9" * 30,
    "name=%00",
    "kind=%00",
]
VALUES = [
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "a",
    "%00",
    "%ff",
    "-1",
    "9" * 30,
    "a" * 3_000,
    "..%2f..",
    "%5c",
]
HEADERS: dict[str, list[str]] = {
    "accept": ["text/html", "*/*", "application/json; a*=nope''x", ",;,=", "a" * 5_000, "text/*;indent=x"],
    "accept-encoding": ["gzip", "\xff", "gzip;q=x"],
    "accept-language": ["de", "xx" * 500, "de;q=9" * 400, "\xff", "*;q=nan"],
    "authorization": ["Bearer", "Bearer a b", "Bearer a.b.c", "Bearer \xff", "Basic eA==", "x" * 8_000],
    "content-length": ["", "-1", "+5", "x", "9" * 4_500, "\xb2", "1, 2", "5 5"],
    "cookie": [
        "sessionid=\xff; a",
        "csrftoken=\0",
        "=;=;",
        "sessionid=" + "a" * 5_000,
        "django_language=\xff",
    ],
    "host": ["", "evil.example", "a b", "[::1", "localhost:x", "\xff"],
    "if-match": ['"x"', "*", "x", '"' * 5_000, 'W/"x"', "\xff"],
    "if-modified-since": ["x", "Sun, 06 Nov 99999 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT"],
    "if-none-match": ['"x"', "*", '"' * 5_000, ","],
    "if-unmodified-since": ["Thu, 01 Jan 1970 00:00:00 GMT", "x"],
    "origin": ["null", "https://[", "\xff", "a" * 5_000],
    "range": ["bytes=0-", "bytes=9-1", "bytes=-0", "x"],
    "referer": ["https://[", "\xff"],
    "transfer-encoding": ["chunked", "gzip, chunked", "identity"],
    "x-forwarded-for": ["", "x", "1.2.3.4, ::1%x", "," * 3_000],
    "x-forwarded-proto": ["https", "\xff"],
    "x-http-method-override": ["DELETE"],
    "x-request-id": ["\xff", "a" * 5_000, "0f8fad5b-d9cb-469f-a165-70867728950e"],
}
PART = b"--x\r\nContent-Disposition: form-data; "
BODIES = [
    b"",
    b"{",
    b"{}",
    b"null",
    b"[]",
    b"NaN",
    b"1e999",
    b'"\\ud800"',
    b"\xff",
    b"\xef\xbb\xbf{}",
    b"[" * 50_000,
    b"9" * 5_000,
    b"&" * 3_000,
    b"a=%00&a=%ff",
    b'{"email": "\\u0000", "password": "\\ud800", "token": "\\u0000", "refresh": 9}',
    b'{"email": {}, "password": [], "token": null, "refresh": "a.b.c", "first_name": "\\u0000"}',
    PART + b'name="file"; filename="\0"\r\n\r\nx\r\n--x--\r\n',
    PART + b"name*=zlib''x; filename*=rot13''x\r\n\r\nx\r\n--x--\r\n",
    PART + b"name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n",
    PART + b'name="avatar"; filename="a.png"\r\nContent-Type: a/b; charset=zlib\r\n\r\nx\r\n--x--\r\n',
]
PATHS = sorted(
    {path for path, _, _, _ in EndpointEnumerator().get_api_endpoints()}
    | {reverse(f"admin:{name}") for name in ("index", "login", "jsi18n", "autocomplete", "password_change")}
    | {
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # noqa: SLF001 - documented
        for model in admin.site._registry  # noqa: SLF001 - no public list
    }
    | {"/", "/nothing", "/api/", "/api/{x}", "/health/live/", "/health/ready/", "/health/{x}"}
    | {"/static/{x}", "/static/%2e%2e/{x}", "/static/..%2f{x}", "/static//{x}", "/static/admin/css/base.css"}
    | {"/api/v1/{x}", "//{x}", "/admin/{x}/", "/admin/r/{x}/{x}/", "/admin/users/user/{x}/change/"},
)


def send_by_wsgi(sent: Sent) -> Received:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": sent.method,
        "PATH_INFO": unquote_to_bytes(sent.path).decode("latin-1"),
        "QUERY_STRING": sent.query,
        "REMOTE_ADDR": "192.0.2.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.errors": sys.stderr,
        "wsgi.input": BytesIO(sent.body),
        "wsgi.url_scheme": "http",
    }
    for name, value in sent.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_LENGTH", "CONTENT_TYPE"} else f"HTTP_{key}"] = value
    start: list[Any] = []
    response = wsgi_application(environ, lambda *arguments: start.extend(arguments))
    body = b"".join(response)
    response.close()
    return Received(int(start[0][:3]), {name.lower(): value for name, value in start[1]}, body)


SERVERS = [send_by_wsgi]
if hasattr(django_settings, "ASGI_APPLICATION"):
    SERVERS.append(import_string("tests.asgi.send_by_asgi"))


@contextmanager
def connection_kept_open() -> Iterator[None]:
    """Keep the connection open as Django's test client does: closing it would roll back the data."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def check(server: Callable[[Sent], Received], sent: Sent) -> Received:
    """Send a request, roll back its changes, and check the common properties of responses."""
    with connection_kept_open(), transaction.atomic():
        received = server(sent)
        transaction.set_rollback(True)
    assert received.status < 500, received
    assert received.headers["x-request-id"], received
    # WhiteNoise responds to a wrong method or range without a body, and admin errors are HTML pages.
    of_file = sent.path.startswith("/static/") and received.status in {405, 416}
    if received.status >= 400 and not of_file and not sent.path.startswith(f"/{django_settings.ADMIN_URL}"):
        assert received.headers["content-type"] == "application/problem+json", received
        packed = received.headers.get("content-encoding") == "gzip"
        document = json.loads(gzip.decompress(received.body) if packed else received.body)
        assert document.keys() >= PROBLEM_MEMBERS
        assert document["status"] == received.status
        assert document["request_id"] == received.headers["x-request-id"]
    return received


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    path = draw(st.sampled_from(PATHS))
    while "{" in path:
        before, _, after = path.partition("{")
        path = before + draw(st.sampled_from(VALUES)) + after.partition("}")[2]
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), unique=True, max_size=3))
    headers = {"host": "localhost"} | {name: draw(st.sampled_from(HEADERS[name])) for name in names}
    body = draw(st.sampled_from(BODIES))
    if draw(st.booleans()):
        headers["content-type"] = draw(st.sampled_from(CONTENT_TYPES))
    if body:
        headers.setdefault("content-length", str(len(body)))
    if draw(st.booleans()):
        headers.setdefault("authorization", "{token}")
    text = st.text(st.characters(codec="utf-8"), max_size=20).map(quote)
    query = st.sampled_from(QUERIES) | text | st.tuples(text, text).map("=".join)
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"]
    return Sent(draw(st.sampled_from(methods)), path, draw(query), headers, body)


def send_to_all(sent: Sent, token: str) -> None:
    sent.headers = {name: value.replace("{token}", f"Bearer {token}") for name, value in sent.headers.items()}
    for server in SERVERS:
        check(server, sent)


@pytest.fixture
def token() -> str:
    return Client().login_by_token(StaffFactory.create()).access


# Deterministic, with few examples.
@settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(sent=requests())
def test_hostile_requests_get_problem_details_and_no_5xx(sent: Sent, token: str) -> None:
    send_to_all(sent, token)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("charset", CHARSETS)
def test_unsupported_charset_is_ignored_or_415(server: Callable[[Sent], Received], charset: str) -> None:
    host = {"host": "localhost"}
    for path in ("/health/live/", "/api/v1/", "/admin/login/", "/static/admin/css/base.css"):
        headers = host | {"content-type": f"text/plain; charset={charset}"}
        assert check(server, Sent("GET", path, "lang=%64e", headers)).status == 200, path
    for kind, body in (
        ("application/json", b'{"email": "a@example.com"}'),
        ("multipart/form-data", b"--x--"),
    ):
        headers = host | {
            "content-type": f"{kind}; boundary=x; charset={charset}",
            "content-length": str(len(body)),
        }
        sent = Sent("POST", "/api/v1/auth/resend-verification/", "lang=%64e", headers, body)
        assert check(server, sent).status == 415, kind


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "us-ascii"])
def test_utf_8_charset_is_accepted(server: Callable[[Sent], Received], charset: str) -> None:
    body = b'{"email": "a@example.com"}'
    headers = {"host": "localhost", "content-type": f"application/json; charset={charset}"}
    headers["content-length"] = str(len(body))
    assert check(server, Sent("POST", "/api/v1/auth/resend-verification/", "", headers, body)).status == 202


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("path", ["/api/v1/", "/health/ready/", "/admin/login/"])
def test_too_many_parameters_are_no_server_error(server: Callable[[Sent], Received], path: str) -> None:
    headers = {"host": "localhost", "content-type": "text/plain; charset=utf-8"}
    assert check(server, Sent("GET", path, "a&" * 3_000, headers)).status in {200, 400}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("9" * 4_500, 413),
        ("-1", 400),
        ("+5", 400),
        ("x", 400),
        ("\xb2", 400),
        ("1,2", 400),
        ("", 400),
        ("0", 400),
    ],
)
def test_content_length_must_be_valid(server: Callable[[Sent], Received], value: str, status: int) -> None:
    headers = {"host": "localhost", "content-type": "application/json", "content-length": value}
    assert check(server, Sent("POST", "/api/v1/auth/token/", "", headers)).status == status


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "path",
    [
        *("%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fmanage.py", "a%00b", "a" * 5_000, "..%5cmanage.py", "%ff"),
        *("//etc/passwd", "admin/css/../../../manage.py", "admin/css", "admin/css/", ".", ""),
    ],
)
def test_unknown_static_paths_are_not_found(server: Callable[[Sent], Received], path: str) -> None:
    assert check(server, Sent("GET", f"/static/{path}", "", {"host": "localhost"})).status == 404


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("value", ['"x"', 'W/"x", "y"', '"x",' * 1_000])
@pytest.mark.parametrize("path", ["/api/v1/users/me/", "/api/v1/"])
def test_failed_preconditions_are_problem_details(
    server: Callable[[Sent], Received], value: str, path: str, token: str
) -> None:
    headers = {"host": "localhost", "authorization": f"Bearer {token}", "if-match": value}
    received = check(server, Sent("GET", path, "", headers))
    assert received.status == 412
    assert json.loads(received.body)["type"] == "urn:problem:precondition_failed"
    assert int(received.headers["content-length"]) == len(received.body)
