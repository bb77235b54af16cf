"""Valid and invalid request IDs sent by clients."""

import uuid
from typing import Any

import pytest
from django.urls import reverse

from conftest import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


def events(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, Any]]:
    """Return the log events with this name."""
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in lines if line["event"] == name]


@pytest.mark.parametrize(
    "given", ["12345678", "a" * 128, "0f8fad5b-d9cb-469f-a165-70867728", "trace_1.span-2"]
)
def test_request_id_is_kept_when_valid(api: Client, given: str) -> None:
    assert api.get(reverse("open"), HTTP_X_REQUEST_ID=given)["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "short",
        "a" * 129,
        "with space",
        "12345678\n",
        "12345678\r\nSet-Cookie: a=b",
        "ümläut-1",
        "<script>",
    ],
)
def test_request_id_is_replaced_when_invalid(api: Client, given: str) -> None:
    assert uuid.UUID(api.get(reverse("open"), HTTP_X_REQUEST_ID=given)["X-Request-ID"]).version == 4


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sample/open/", 200),
        ("/health/live/", 200),
        ("/health/ready/", 200),
        ("/nothing/", 404),
        ("/api/nothing/", 404),
        ("/api/v1/users/me/", 401),
        ("/admin/", 302),
        ("/static/nothing.css", 404),
        ("/sample/failures/fault/", 500),
    ],
)
def test_request_id_is_in_response_and_log(caplog: pytest.LogCaptureFixture, path: str, status: int) -> None:
    response = Client(raise_request_exception=False).get(path, headers={"x-request-id": "my-request"})
    assert (response.status_code, response["X-Request-ID"]) == (status, "my-request")
    line = events(caplog, "request_failed" if status == 500 else "request_finished")[0]
    assert (line["request_id"], line["code"], line["request"]) == ("my-request", status, f"GET {path}")


def test_request_id_is_unique(api: Client) -> None:
    assert len({api.get(reverse("open"))["X-Request-ID"] for _ in range(3)}) == 3
