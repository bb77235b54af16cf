import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from apps.core.api.renderers import BrowsableAPIRenderer
from apps.core.exceptions import ConflictError
from apps.users.models import User
from apps.users.tests.factories import SuperuserFactory
from conftest import Client
from tests.sampleapp.views import FailureView

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]


class PaidError(ConflictError):
    message, code = "The order is paid.", "already_paid"


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


def test_errors_list_every_invalid_field(api: Client) -> None:
    document = problem(api.post(reverse("order"), {"name": "long"}), 400, "validation_error")
    assert document["errors"] == [
        {
            "field": "name",
            "code": "max_length",
            "message": "Ensure this field has no more than 3 characters.",
        },
    ]


def test_errors_of_nested_fields_have_their_path(api: Client) -> None:
    body = {
        "tags": ["ok", "long"],
        "delivery": {},
        "lines": [{"message": "ok", "code": "a"}, {"message": "", "code": "c"}, {"message": "ok"}],
    }
    assert fields(problem(api.post(reverse("order"), body), 400, "validation_error")) == {
        "name": "required",
        "tags.1": "max_length",
        "delivery.message": "required",
        "delivery.code": "required",
        "lines.1.message": "blank",
        "lines.1.code": "invalid_choice",
        "lines.2.code": "required",
    }


def test_validation_error_of_a_model_is_a_bad_request(api: Client) -> None:
    document = problem(api.get(reverse("failure", args=["invalid"])), 400, "validation_error")
    assert document["errors"] == [{"field": "text", "code": "taken", "message": "Not this one."}]


@pytest.mark.parametrize("body", ["{", "nonsense", '{"name": NaN}', "\xff"])
def test_invalid_json_is_a_parse_error(api: Client, body: str) -> None:
    response = api.generic("POST", reverse("order"), body, content_type="application/json")
    problem(response, 400, "parse_error")


def test_error_of_a_service_has_its_status_and_message(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FailureView.failures, "service", PaidError())
    response = api.get(reverse("failure", args=["service"]))
    assert problem(response, 409, "already_paid")["detail"] == "The order is paid."


def test_unknown_object_is_not_found(api: Client) -> None:
    problem(api.get(reverse("note-detail", args=["0f8fad5b-d9cb-469f-a165-70867728950e"])), 404, "not_found")
    problem(api.get(reverse("note-detail", args=["not-a-key"])), 404, "not_found")


def test_unknown_url_is_not_found(api: Client) -> None:
    problem(api.get("/api/v1/nothing/"), 404, "not_found")


def test_server_error_has_request_id_and_no_details() -> None:
    client = Client(raise_request_exception=False)
    response = client.get(reverse("failure", args=["fault"]))
    document = problem(response, 500, "server_error")
    assert set(document) == {"type", "title", "status", "detail", "request_id"}
    assert b"swordfish" not in response.content
    assert b"RuntimeError" not in response.content


@pytest.mark.parametrize("name", ["database", "connection"])
def test_unavailable_database_responds_with_503(
    api: Client, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    response = api.get(reverse("failure", args=[name]))
    problem(response, 503, "service_unavailable")
    assert int(response["Retry-After"]) > 0
    assert b"swordfish" not in response.content
    (record,) = [record for record in caplog.records if "database_unavailable" in record.getMessage()]
    assert record.exc_info


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


def test_error_is_an_html_page_in_the_browsable_api(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(APIView, "renderer_classes", [JSONRenderer, BrowsableAPIRenderer])
    page = api.get(reverse("v1:users:me"), headers={"accept": "text/html"})
    assert (page.status_code, page["Content-Type"]) == (401, "text/html; charset=utf-8")
