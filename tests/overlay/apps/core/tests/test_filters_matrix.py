"""Filter sets: values out of range, and the filters that are built."""

from typing import Any

import pytest
from django.urls import reverse
from django_filters.rest_framework import FilterSet

from apps.users.api.filters import UserFilter
from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "tomorrow", "\x00"]
)
def test_datetime_filter_rejects_values_out_of_range(staff_api: Client, moment: str) -> None:
    response = staff_api.get(reverse("v1:users:user-list"), {"created_after": moment})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["created_after"]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[FilterSet]:
    """Record the filter sets that requests build."""
    built: list[FilterSet] = []

    def record(self: FilterSet, *args: Any, **kwargs: Any) -> None:
        built.append(self)
        FilterSet.__init__(self, *args, **kwargs)

    monkeypatch.setattr(UserFilter, "__init__", record)
    return built


@pytest.mark.parametrize(("query", "count"), [({}, 0), ({"page_size": "5"}, 0), ({"is_staff": "true"}, 1)])
def test_filter_set_is_built_only_when_a_filter_is_used(
    staff_api: Client, built: list[FilterSet], query: dict[str, str], count: int
) -> None:
    assert staff_api.get(reverse("v1:users:user-list"), query).status_code == 200
    assert len(built) == count


def test_required_filter_is_enforced(staff_api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UserFilter.base_filters["role"].extra, "required", "yes")
    response = staff_api.get(reverse("v1:users:user-list"))
    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [("role", "required")]
