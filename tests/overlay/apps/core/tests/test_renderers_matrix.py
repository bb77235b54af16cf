"""Browsable API: forms, root page and errors."""

import pytest
from django.urls import reverse
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from apps.core.api.renderers import BrowsableAPIRenderer
from conftest import Client

pytestmark = pytest.mark.django_db

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture(autouse=True)
def _browsable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable the browsable API, as in development."""
    monkeypatch.setattr(APIView, "renderer_classes", [JSONRenderer, BrowsableAPIRenderer])


def test_forms_have_the_input_fields_of_the_method(user_api: Client) -> None:
    page = user_api.get(reverse("v1:users:me"), headers={"accept": HTML}).content.decode()
    assert "&quot;first_name&quot;" in page
    page = user_api.get(reverse("v1:users:avatar"), headers={"accept": HTML}).content.decode()
    assert 'type="file"' in page
    assert 'name="avatar"' in page


def test_root_page_has_links(api: Client) -> None:
    page = api.get(reverse("v1:root"), headers={"accept": HTML})
    assert page.status_code == 200
    assert f'href="http://testserver{reverse("v1:users:me")}"' in page.content.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/users/me/", 401), ("/api/v1/auth/token/", 405), ("/api/v1/users/", 401)],
)
def test_errors_are_html_for_browsers_and_problem_details_for_programs(
    api: Client, path: str, status: int
) -> None:
    page = api.get(path, headers={"accept": HTML})
    assert (page.status_code, page["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert b"urn:problem:" in page.content
    problem = api.get(path)
    assert (problem.status_code, problem["Content-Type"]) == (status, "application/problem+json")
