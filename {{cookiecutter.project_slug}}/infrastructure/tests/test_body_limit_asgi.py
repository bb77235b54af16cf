"""Request body limits under ASGI."""

import asyncio
import errno
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from infrastructure.http.asgi import LARGE_BODIES, with_limits
from infrastructure.http.body_limit import FORM_BYTES

UPLOAD = "/api/v1/users/me/avatar/"
FORM = ("content-type", "multipart/form-data; boundary=x")
LARGE = ("content-length", "10000000")


def scope_of(*headers: tuple[str, str], kind: str = "http", path: str = UPLOAD) -> dict[str, Any]:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": kind, "method": "POST", "path": path, "headers": pairs}


def exchange(*headers: tuple[str, str], **options: str) -> tuple[bytes, bool]:
    """Return the body that the application receives, and whether the response closes the connection."""
    parts: list[bytes] = []
    sent: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        parts.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"sent", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async_to_sync(with_limits(application))(scope_of(*headers, **options), receive, send)
    return parts[0], (b"connection", b"close") in sent[0]["headers"]


def refusal(application: Any, *headers: tuple[str, str]) -> tuple[dict[bytes, bytes], dict[str, Any]]:
    """Return the headers and the content of the 503 response."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async_to_sync(with_limits(application))(scope_of(*headers), receive, send)
    assert sent[0]["status"] == 503
    return dict(sent[0]["headers"]), json.loads(sent[1]["body"])


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([], b"sent"),
        ([("content-length", "4")], b"sent"),
        ([("content-length", "")], b"sent"),
        *(([("content-length", value)], b"") for value in ("nonsense", "-1", "+5", "1.5", "0x5", "9" * 4500)),
        ([("content-length", "3000000")], b""),
        ([("content-length", "3000000"), ("content-type", "Multipart/Form-Data; boundary=x")], b"sent"),
        (
            [("content-length", str(10_485_760 + FORM_BYTES)), ("content-type", "multipart/form-data")],
            b"sent",
        ),
        ([("content-length", str(10_485_761 + FORM_BYTES)), ("content-type", "multipart/form-data")], b""),
        ([("transfer-encoding", "chunked")], b""),
        ([("transfer-encoding", "chunked"), ("content-length", "4")], b""),
    ],
)
def test_asgi_does_not_read_rejected_body(headers: list[tuple[str, str]], body: bytes) -> None:
    assert exchange(*headers) == (body, not body)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (UPLOAD, b"sent"),
        ("/admin/users/user/add/", b"sent"),
        ("/api/v1/auth/token/", b""),
        ("/api/v1/users/me/", b""),
        ("/nothing/", b""),
    ],
)
def test_asgi_reads_large_form_only_for_routes_with_form_parser(path: str, body: bytes) -> None:
    assert exchange(LARGE, FORM, path=path) == (body, not body)


def test_websocket_ignores_body_limit() -> None:
    assert exchange(("content-length", "3000000"), kind="websocket") == (b"sent", False)


def test_large_bodies_have_limited_concurrency() -> None:
    inside: list[int] = []

    async def application(_scope: Any, _receive: Any, _send: Any) -> None:
        inside.append(1)
        most.append(len(inside))
        await asyncio.sleep(0.01)
        inside.pop()

    most: list[int] = []
    limited = with_limits(application)

    async def crowd() -> None:
        await asyncio.gather(*(limited(scope_of(LARGE, FORM), None, None) for _ in range(6)))

    async_to_sync(crowd)()
    assert len(most) == 6
    assert max(most) == LARGE_BODIES


def test_large_body_is_rejected_when_semaphore_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrastructure.http.asgi.LARGE_BODIES", 0)
    monkeypatch.setattr("infrastructure.http.asgi.WAIT_SECONDS", 0)
    headers, content = refusal(None, LARGE, FORM, ("x-request-id", "my-request"))

    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"retry-after"] == b"5"
    assert headers[b"connection"] == b"close"
    assert headers[b"x-request-id"] == b"my-request"
    assert content["type"] == "urn:problem:service_unavailable"
    assert content["request_id"] == "my-request"


def test_small_body_needs_no_semaphore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrastructure.http.asgi.LARGE_BODIES", 0)
    monkeypatch.setattr("infrastructure.http.asgi.WAIT_SECONDS", 0)
    assert exchange(("content-length", "100000")) == (b"sent", False)


@pytest.mark.parametrize("error", [TimeoutError(), OSError(errno.ENOSPC, "No space left on device")])
def test_full_disk_and_timeout_return_problem_details(error: Exception) -> None:
    async def application(_scope: Any, _receive: Any, _send: Any) -> None:
        raise error

    headers, content = refusal(application)
    assert headers[b"retry-after"] == b"5"
    assert content["type"] == "urn:problem:service_unavailable"
    assert len(content["request_id"]) == 36


def test_other_os_errors_are_raised() -> None:
    async def application(_scope: Any, _receive: Any, _send: Any) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    with pytest.raises(PermissionError):
        refusal(application)
