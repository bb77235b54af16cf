import pytest
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
