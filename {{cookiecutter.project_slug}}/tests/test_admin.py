"""Smoke tests of all admin pages, with rows and without N+1 queries."""

from itertools import count
from typing import Any

import pytest
from django.contrib import admin
from django.db import models, transaction
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
    match field:
        case models.ForeignKey():
            return create(field.related_model)
        case models.EmailField():
            return f"row{number}@example.com"
        case models.CharField() | models.TextField():
            return f"row {number}"
        case models.DateTimeField():
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


ODD_QUERIES = [
    *({"p": value} for value in ("0", "-1", "9" * 30, "x")),
    *({"o": value} for value in ("9.9.9", "-99", "1.x", "9" * 30)),
    *({name: "a\0"} for name in ("q", "e", "all", "_facets", "_popup", "_to_field", "id", "pk__in")),
    *(
        {f"pk__{lookup}": value}
        for lookup in ("gte", "in", "range")
        for value in ("x", "9" * 30, "1,2,3", "")
    ),
    {"_facets": "1", "q": "x", "pk": "9" * 30},
    {"nothing": "1"},
]
ODD_TIMES = [
    *({"created_at__year": value} for value in ("9999", "0", "-1", "9" * 30, "x")),
    *({"created_at__year": "2026", "created_at__month": value} for value in ("0", "13", "x", "9" * 30)),
    {"created_at__year": "2026", "created_at__month": "2", "created_at__day": "30"},
    *({"created_at__year__gte": value} for value in ("0", "10000")),
    *({"created_at__iso_year": value} for value in ("0", "9999")),
    *({f"created_at{lookup}": "0001-01-01T00:00:00+23:59"} for lookup in ("", "__gte", "__date")),
    {"is_active__exact": "x"},
    {"email": "a\0"},
]


def check_query(browser: Client, model: type[models.Model], query: dict[str, str], *args: Any) -> None:
    # PostgreSQL rejects some queries, which would abort the transaction of the test.
    with transaction.atomic():
        options = model._meta  # noqa: SLF001 - Django's documented Options API
        name = f"admin:{options.app_label}_{options.model_name}_{'change' if args else 'changelist'}"
        response = browser.get(reverse(name, args=args), query)
        transaction.set_rollback(True)
    assert response.status_code in {200, 302, 400, 403, 404}, query


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)  # noqa: SLF001
def test_malformed_query_of_a_model_is_no_server_error(browser: Client, model: type[models.Model]) -> None:
    create(model)
    for query in ({"pk__in": "9" * 30}, {"pk__range": "1"}, {"p": "9" * 30}, {"o": "9.9.9"}, {"pk": "a\0"}):
        check_query(browser, model, query)
    for key in ("9" * 30, "a\0", "_"):
        check_query(browser, model, {"_to_field": ""}, key)
        check_query(browser, model, {}, key)


@pytest.mark.parametrize("query", [*ODD_QUERIES, *ODD_TIMES], ids=str)
def test_malformed_query_of_the_admin_is_no_server_error(browser: Client, query: dict[str, str]) -> None:
    check_query(browser, User, query)


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
