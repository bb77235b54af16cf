"""Smoke tests of all admin pages, with rows and without N+1 queries."""

from itertools import count
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from apps.users.models import User
from apps.users.tests.factories import SuperuserFactory
from conftest import Client

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)  # noqa: SLF001 - no public list
numbers = count(1)


def create(model: type[models.Model]) -> models.Model:
    """Create a valid row, with values by field type."""
    values = {
        field.name: value(field)
        for field in model._meta.concrete_fields  # noqa: SLF001 - Django's documented Options API
        if not (field.has_default() or field.null or field.blank or field.primary_key)
    }
    return model._default_manager.create(**values)  # noqa: SLF001 - documented


def value(field: "models.Field[Any, Any]") -> Any:
    number = next(numbers)
    if field.choices:
        return next(iter(field.flatchoices))[0]
    match field:
        case models.ForeignKey():
            return create(field.related_model)
        case models.EmailField():
            return f"row{number}@example.com"
        case models.CharField() | models.TextField():
            return f"row {number}"
        case models.DateField():
            return timezone.now()
        case _:
            return number % 2


@pytest.fixture
def superuser() -> User:
    return SuperuserFactory.create()


@pytest.fixture
def browser(superuser: User) -> Client:
    client = Client()
    client.force_login(superuser)
    return client


def page(browser: Client, model: type[models.Model], name: str, *args: Any, **query: str) -> HttpResponse:
    options = model._meta  # noqa: SLF001 - Django's documented Options API
    return browser.get(reverse(f"admin:{options.app_label}_{options.model_name}_{name}", args=args), query)


def test_index_page_opens(browser: Client) -> None:
    assert browser.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)  # noqa: SLF001
def test_model_pages_open(browser: Client, superuser: User, model: type[models.Model]) -> None:
    request = RequestFactory().get("/")
    request.user = superuser
    rows = [create(model) for _ in range(3)]
    model_admin = admin.site._registry[model]  # noqa: SLF001 - no public list
    may_add = model_admin.has_add_permission(request)
    assert page(browser, model, "changelist").status_code == 200
    if model_admin.get_search_fields(request):
        assert page(browser, model, "changelist", q="row").status_code == 200
    assert page(browser, model, "add").status_code == (200 if may_add else 403)
    assert page(browser, model, "change", rows[0].pk).status_code == 200
    assert page(browser, model, "history", rows[0].pk).status_code == 200
    may_delete = model_admin.has_delete_permission(request, rows[0])
    assert page(browser, model, "delete", rows[0].pk).status_code == (200 if may_delete else 403)


def test_malformed_query_redirects_to_the_list(browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    url = reverse("admin:users_user_changelist")
    response = browser.get(url, {"created_at__year": "9999"})
    assert (response.status_code, response["Location"]) == (302, f"{url}?e=1")
    assert any("admin_query_failed" in record.getMessage() for record in caplog.records)
    assert browser.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)  # noqa: SLF001
def test_admin_pages_require_staff_status(api: Client, user: User, model: type[models.Model]) -> None:
    api.force_login(user)
    response = page(api, model, "changelist")
    assert (response.status_code, response["Location"].partition("?")[0]) == (302, reverse("admin:login"))
