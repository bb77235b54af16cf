"""Errors that each view inherits, in the API and outside it."""

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.transaction import atomic
from django.urls import reverse
from pytest_django import Settings

from apps.core.exceptions import ConflictError, DomainError, ForbiddenError, NotFoundError, UnavailableError
from apps.core.tests.test_errors import admin_page, fields, problem
from apps.users.exceptions import InvalidToken, LockedOut
from apps.users.models import User
from apps.users.tests.factories import SuperuserFactory
from conftest import LANGUAGE, Client
from tests.sampleapp.views import FailureView

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


def away(*_args: Any) -> None:
    raise OperationalError("connection refused")


class ClosedError(ForbiddenError):
    message, code = "Not on Sundays.", "closed"


class PaidError(ConflictError):
    message, code = "The order is paid.", "already_paid"


class GoneError(NotFoundError):
    message, code = "The order was deleted.", "gone"


class DownError(UnavailableError):
    message, code = "The printer is off.", "printer_off"


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


def test_invalid_token_is_rejected(api: Client) -> None:
    response = api.get(reverse("v1:users:me"), HTTP_AUTHORIZATION="Bearer nonsense")
    document = problem(response, 401, "token_not_valid")
    assert "nonsense" not in json.dumps(document)


def test_permission_denied_in_a_view_has_its_detail(user_api: Client) -> None:
    document = problem(user_api.get(reverse("failure", args=["denied"])), 403, "permission_denied")
    assert document["detail"] == "Not on Sundays."


def test_permission_denied_outside_the_api_is_a_problem_without_detail(api: Client) -> None:
    assert "internal" not in json.dumps(problem(api.get(reverse("form")), 403, "permission_denied"))


def test_method_not_allowed_lists_allowed_methods(user_api: Client) -> None:
    response = user_api.post(reverse("v1:users:me"))
    problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, PATCH, DELETE, HEAD, OPTIONS"


def test_unsupported_accept_header_is_not_acceptable(api: Client) -> None:
    problem(api.get(reverse("open"), HTTP_ACCEPT="text/html"), 406, "not_acceptable")


def test_unsupported_content_type_is_rejected(api: Client) -> None:
    response = api.generic("POST", reverse("order"), "name: x", content_type="application/yaml")
    problem(response, 415, "unsupported_media_type")


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


def test_form_without_csrf_token_is_rejected() -> None:
    client = Client(enforce_csrf_checks=True)
    problem(client.post(reverse("form")), 403, "csrf_failed")


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


def test_unauthenticated_request_gets_a_challenge(api: Client) -> None:
    response = api.get(reverse("v1:users:me"))
    problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def test_missing_permission_is_forbidden(user_api: Client) -> None:
    problem(user_api.get(reverse("v1:users:user-list")), 403, "permission_denied")


def test_throttled_response_has_retry_after(api: Client, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"anon": "1/minute"}
    assert api.get(reverse("open")).status_code == 200
    response = api.get(reverse("open"))
    problem(response, 429, "throttled")
    assert 1 <= int(response["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidToken(), 401),
        (ClosedError(), 403),
        (GoneError(), 404),
        (PaidError(), 409),
        (LockedOut(), 429),
        (DownError(), 503),
    ],
)
def test_error_of_a_service_has_its_status_and_message(
    api: Client, monkeypatch: pytest.MonkeyPatch, error: DomainError, status: int
) -> None:
    monkeypatch.setitem(FailureView.failures, "service", error)
    response = api.get(reverse("failure", args=["service"]))
    assert problem(response, status, str(error.code))["detail"].startswith(str(error.message))
    assert ("Retry-After" in response) == (status in {429, 503})


@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/", "/nothing", "/api/v2/users/me/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_url_is_not_found(path: str, method: str) -> None:
    problem(Client(enforce_csrf_checks=True).generic(method, path), 404, "not_found")
