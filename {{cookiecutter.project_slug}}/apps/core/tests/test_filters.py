import pytest
from django.urls import reverse

from conftest import Client

pytestmark = pytest.mark.django_db


def test_search_has_a_maximum_length(staff_api: Client) -> None:
    url = reverse("v1:users:user-list")
    assert staff_api.get(url, {"search": "a " * 50}).status_code == 200
    response = staff_api.get(url, {"search": "a " * 50 + "a"})
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {
            "field": "search",
            "code": "max_length",
            "message": "Ensure this value has at most 100 characters.",
        },
    ]


@pytest.mark.parametrize("moment", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00+05:30", "2026-01-01"])
def test_datetime_filter_selects_rows_before_and_after(staff_api: Client, moment: str) -> None:
    url = reverse("v1:users:user-list")
    assert len(staff_api.get(url, {"created_after": moment}).json()["results"]) == 1
    assert staff_api.get(url, {"created_before": moment}).json()["results"] == []
