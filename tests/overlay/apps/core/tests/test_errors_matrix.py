"""Problem details of rare errors, and HTML pages in the admin."""

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.transaction import atomic
from django.http import HttpResponse
from django.urls import reverse

from apps.users.models import User
from apps.users.tests.factories import SuperuserFactory
from conftest import LANGUAGE, Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


def problem(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """Return the problem details of a response, after checking their common members."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert document["type"] == f"urn:problem:{code}"
    assert document["title"] == response.reason_phrase
    assert document["status"] == status
    assert document["request_id"] == response["X-Request-ID"]
    assert isinstance(document["detail"], str)
    assert document["detail"]
    return document


def fields(document: dict[str, Any]) -> dict[str, str]:
    assert all(set(error) == {"field", "code", "message"} for error in document["errors"])
    return {error["field"]: error["code"] for error in document["errors"]}


def test_errors_list_several_errors_of_one_field(api: Client) -> None:
    response = api.post(reverse("v1:auth:register"), {"email": "a@example.com", "password": "12345"})
    errors = problem(response, 400, "validation_error")["errors"]
    assert {error["field"] for error in errors} == {"password"}
    assert {error["code"] for error in errors} == {
        "password_too_short",
        "password_too_common",
        "password_entirely_numeric",
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [({"name": "no"}, "refused"), ([], "invalid"), ("text", "invalid"), (7, "invalid")],
)
def test_error_of_the_whole_input_has_no_field(api: Client, body: Any, code: str) -> None:
    document = problem(api.post(reverse("order"), body), 400, "validation_error")
    assert fields(document) == {"non_field_errors": code}


def test_deeply_nested_json_is_a_parse_error(api: Client) -> None:
    response = api.generic("POST", reverse("order"), "[" * 100_000, content_type="application/json")
    assert "nested" in problem(response, 400, "parse_error")["detail"]


def test_permission_denied_outside_the_api_is_a_problem_without_detail(api: Client) -> None:
    assert "internal" not in json.dumps(problem(api.get(reverse("form")), 403, "permission_denied"))


def test_unsupported_accept_header_is_not_acceptable(api: Client) -> None:
    problem(api.get(reverse("open"), HTTP_ACCEPT="text/html"), 406, "not_acceptable")


def test_missing_table_is_a_server_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(*_args: Any) -> None:
        with atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nothing")

    monkeypatch.setattr("tests.sampleapp.views.OpenView.get", forget)
    problem(Client(raise_request_exception=False).get(reverse("open")), 500, "server_error")


def test_unavailable_database_responds_with_503_outside_the_api(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", away)
    response = Client(raise_request_exception=False).get(reverse("form"))
    problem(response, 503, "service_unavailable")
    assert int(response["Retry-After"]) > 0
    (line,) = [record.msg for record in caplog.records if "request_failed" in record.getMessage()]
    assert isinstance(line, dict)
    assert line["code"] == 503


def test_disallowed_host_is_a_bad_request(api: Client) -> None:
    response = api.get(reverse("open"), HTTP_HOST="evil.example")
    problem(response, 400, "bad_request")
    assert b"evil" not in response.content


def away(*_args: Any) -> None:
    raise OperationalError("connection refused")


def admin_page(response: HttpResponse, status: int) -> str:
    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "X-Request-ID" in response
    return response.content.decode()


def test_admin_errors_are_html_pages(user: User) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    admin_page(client.post(reverse("admin:login"), {"username": "a"}, format="multipart"), 403)
    client.force_login(SuperuserFactory.create())
    admin_page(client.get(f"{reverse('admin:index')}nothing/"), 404)


def test_server_error_in_the_admin_is_an_html_page(monkeypatch: pytest.MonkeyPatch, user: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(SuperuserFactory.create())
    # An unknown search field raises an error inside Django's view.
    monkeypatch.setattr("apps.users.admin.UserAdmin.search_fields", ("nothing",))
    page = admin_page(client.get(reverse("admin:users_user_changelist"), {"q": "x"}), 500)
    assert "FieldError" not in page


@pytest.mark.usefixtures("_german")
def test_unavailable_database_is_an_html_page_in_the_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore._get_session_from_db", away)
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "anything"
    response = client.get(reverse("admin:index"), headers={"accept-language": LANGUAGE})
    assert f'<html lang="{LANGUAGE}"' in admin_page(response, 503)
    assert int(response["Retry-After"]) > 0


def test_missing_permission_is_an_html_page_in_the_admin(user: User) -> None:
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    admin_page(client.get(reverse("admin:users_user_changelist")), 403)
