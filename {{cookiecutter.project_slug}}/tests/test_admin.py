"""Smoke tests of all admin pages, with rows and without N+1 queries."""

import base64
import hashlib
import re
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, models
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
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
        case models.CharField() | models.TextField():
            text = f"row{number}@example.com" if isinstance(field, models.EmailField) else f"row {number}"
            return text[: field.max_length]
        case models.DateField():
            # Days may be unique.
            return timezone.now() + timedelta(days=number)
        case models.BooleanField():
            return bool(number % 2)
        case _:
            return 1 + number % 2


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


def list_queries(browser: Client, model: type[models.Model]) -> list[str]:
    """Return the queries of the list page."""
    with CaptureQueriesContext(connection) as queries:
        assert page(browser, model, "changelist").status_code == 200
    return [query["sql"] for query in queries]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)  # noqa: SLF001
def test_list_queries_do_not_depend_on_the_number_of_rows(browser: Client, model: type[models.Model]) -> None:
    create(model)
    list_queries(browser, model)
    few = list_queries(browser, model)
    for _ in range(10):
        create(model)
    many = list_queries(browser, model)
    assert len(many) == len(few), many
    assert sum("COUNT(" in query for query in many) == 1, many


def forbidden_scripts(response: HttpResponse) -> list[tuple[str, str]]:
    """Return the inline scripts that the policy of the page forbids, with their hashes."""
    # Blocks of JSON are not executed.
    pattern = r"<script(?![^>]*(?: src=|/json\"))[^>]*>(.*?)</script>"
    scripts = re.findall(pattern, response.content.decode(), re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    hashes = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
    policy = response["Content-Security-Policy"]
    return [(name, text) for name, text in zip(hashes, scripts, strict=True) if name not in policy]


@pytest.mark.parametrize(
    "name",
    ["index", "password_change", "users_user_changelist", "users_user_add", "auth_user_password_change"],
)
def test_policy_allows_the_inline_scripts_of_the_theme(browser: Client, superuser: User, name: str) -> None:
    args = [superuser.pk] if name == "auth_user_password_change" else []
    assert forbidden_scripts(browser.get(reverse(f"admin:{name}", args=args))) == []


def test_policy_allows_the_inline_scripts_of_the_login_page(api: Client) -> None:
    assert forbidden_scripts(api.get(reverse("admin:login"))) == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)  # noqa: SLF001
def test_admin_pages_require_staff_status(api: Client, user: User, model: type[models.Model]) -> None:
    api.force_login(user)
    response = page(api, model, "changelist")
    assert (response.status_code, response["Location"].partition("?")[0]) == (302, reverse("admin:login"))
