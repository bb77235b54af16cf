import logging
from typing import Any

import pytest
from django.urls import reverse

from apps.users.models import User
from conftest import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


def events(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, Any]]:
    """Return the log events with this name."""
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return [line for line in lines if line["event"] == name]


def test_request_log_has_duration_but_no_query_string(api: Client, caplog: pytest.LogCaptureFixture) -> None:
    api.get(reverse("open"), {"token": "s3cret"})
    (line,) = events(caplog, "request_finished")
    assert line["request"] == "GET /sample/open/"
    assert line["duration_ms"] > 0
    assert "s3cret" not in caplog.text


def test_request_log_has_user_id(user_api: Client, user: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    user_api.get(reverse("v1:users:me"))
    (line,) = events(caplog, "request_finished")
    assert line["user_id"] == str(user.pk)


def test_log_context_does_not_leak_into_next_request(
    user_api: Client, api: Client, caplog: pytest.LogCaptureFixture
) -> None:
    user_api.get(reverse("v1:users:me"))
    caplog.clear()
    api.get(reverse("health-live"))
    (line,) = events(caplog, "request_finished")
    assert line.get("user_id") is None


def test_server_error_is_logged_once_with_traceback(caplog: pytest.LogCaptureFixture) -> None:
    Client(raise_request_exception=False).get(reverse("failure", args=["fault"]))
    (line,) = events(caplog, "request_failed")
    assert line["request"] == "GET /sample/failures/fault/"
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
