"""What is too long is refused by its headers: by WSGI and by ASGI."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client as DjangoClient
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from pytest_django import Settings

from apps.core.bodies import FORM_BYTES, with_body_limit
from conftest import LANGUAGE

LOG_IN = "v1:auth:token"


def exchange(*headers: tuple[str, str], kind: str = "http") -> tuple[bytes, bool]:
    """What an application gets to read of a body, and whether the connection ends with its answer."""
    parts: list[bytes] = []
    sent: list[dict[str, Any]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        parts.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"sent", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": kind, "headers": [(name.encode(), value.encode()) for name, value in headers]}
    async_to_sync(with_body_limit(application))(scope, receive, send)
    return parts[0], (b"connection", b"close") in sent[0]["headers"]


@pytest.mark.django_db
def test_json_is_read_up_to_a_length(client: DjangoClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    statuses = [
        client.post(reverse(LOG_IN), f'"{"x" * (length - 2)}"', content_type="application/json").status_code
        for length in (100, 101)
    ]

    assert statuses == [400, 413]


@pytest.mark.django_db
def test_a_refusal_is_a_problem_document_in_the_language_of_the_client(client: DjangoClient) -> None:
    headers = {"accept-language": LANGUAGE, "origin": "https://app.example.com"}
    response = client.generic("POST", reverse(LOG_IN), headers=headers, CONTENT_LENGTH="9" * 12)

    assert response.status_code == 413
    assert response["Content-Type"] == "application/problem+json"
    assert response["Content-Language"] == LANGUAGE
    with override(LANGUAGE):
        assert response.json()["detail"] == _("The body of the request is too large.")
    # Or a browser would not show it to the page.
    assert response["Access-Control-Allow-Origin"] == "https://app.example.com"


@pytest.mark.django_db
def test_a_body_has_to_say_how_long_it_is(client: DjangoClient) -> None:
    response = client.generic("POST", reverse(LOG_IN), headers={"transfer-encoding": "chunked"})

    assert (response.status_code, response.json()["type"]) == (411, "urn:problem:length_required")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([], b"sent"),
        ([("content-length", "4")], b"sent"),
        ([("content-length", "nonsense")], b"sent"),
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
def test_what_is_refused_is_not_read_by_asgi_either(headers: list[tuple[str, str]], body: bytes) -> None:
    assert exchange(*headers) == (body, not body)


def test_a_socket_has_no_body() -> None:
    assert exchange(("content-length", "3000000"), kind="websocket") == (b"sent", False)
