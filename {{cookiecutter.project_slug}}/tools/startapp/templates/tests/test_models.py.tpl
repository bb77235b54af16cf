"""HTTP API of {{ verbose_plural }}."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from apps.{{ app }}.models import {{ model }}
from apps.{{ app }}.tests.factories import {{ model }}Factory
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import StaffFactory, UserFactory
from conftest import Client
{% for field in references %}{{ field.factory_import }}
{% endfor %}
if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import DjangoAssertNumQueries

    from apps.users.models import User

LIST = reverse("v1:{{ app }}:{{ name }}-list")


def detail({{ name }}: {{ model }}) -> str:
    return reverse("v1:{{ app }}:{{ name }}-detail", args=[{{ name }}.pk])


def body(number: int{% if owner %}, owner: User{% endif %}) -> dict[str, Any]:
    """Return a valid request body."""
    return { {% for field in fields %}"{{ field.name }}": {{ field.sample }}, {% endfor %} }


@pytest.fixture
def writer(db: None) -> User:
    return {% if owner %}UserFactory{% else %}StaffFactory{% endif %}.create()


@pytest.fixture
def writer_api(writer: User) -> Client:
    client = Client()
    client.login_by_token(writer)
    return client


def create({% if owner %}owner: User, {% endif %}**values: Any) -> {{ model }}:
    {{ name }}: {{ model }} = {{ model }}Factory.create({% if owner %}owner=owner, {% endif %}**values)
    return {{ name }}


def test_{{ name }}_is_created_changed_and_deleted(writer_api: Client{% if owner %}, writer: User{% endif %}) -> None:
    response = writer_api.post(LIST, body(1{% if owner %}, writer{% endif %}))
    assert response.status_code == 201, response.content
    {{ name }} = {{ model }}.objects.get()
    assert writer_api.get(detail({{ name }})).json() == response.json()

    change = body(2{% if owner %}, writer{% endif %})
    response = writer_api.patch(detail({{ name }}), change)
    assert response.status_code == 200, response.content
    assert {field: response.json()[field] for field in change} == change

    assert writer_api.delete(detail({{ name }})).status_code == 204
    assert writer_api.get(detail({{ name }})).status_code == 404
    assert not {{ model }}.objects.exists()


def test_{{ name }}_keeps_omitted_fields(writer_api: Client{% if owner %}, writer: User{% endif %}) -> None:
    {{ name }} = create({% if owner %}writer{% endif %})
    before = writer_api.get(detail({{ name }})).json()
    response = writer_api.patch(detail({{ name }}), {})
    assert response.status_code == 200
    assert response.json() | {"updated_at": ""} == before | {"updated_at": ""}

{% if mandatory %}
def test_{{ name }}_needs_its_required_fields(writer_api: Client) -> None:
    response = writer_api.post(LIST, {})
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == { {% for field in mandatory %}"{{ field.name }}", {% endfor %} }
{% endif %}{% for field in uniques %}

def test_{{ name }}_{{ field.name }}_is_unique(writer_api: Client{% if owner %}, writer: User{% endif %}) -> None:
    {{ name }} = create({% if owner %}writer{% endif %})
    response = writer_api.post(LIST, body(2{% if owner %}, writer{% endif %}) | {"{{ field.name }}": {{ name }}.{{ field.name }}})
    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [("{{ field.name }}", "unique")]
    assert writer_api.patch(detail({{ name }}), {"{{ field.name }}": {{ name }}.{{ field.name }}}).status_code == 200
{% endfor %}{% for field in owned %}

def test_{{ name }}_{{ field.name }}_of_another_user_does_not_exist(writer_api: Client, writer: User) -> None:
    foreign = {{ field.target }}Factory.create()
    responses = []
    for key in (str(foreign.pk), "00000000-0000-4000-8000-000000000000"):
        created = writer_api.post(LIST, body(1, writer) | {"{{ field.name }}": key})
        found = writer_api.get(LIST, {"{{ field.name }}": key})
        responses.append([created.content.replace(key.encode(), b""), found.content.replace(key.encode(), b"")])
        assert (created.status_code, found.status_code) == (400, 400)
    without_ids = [[part.partition(b'"errors"')[2] for part in pair] for pair in responses]
    assert without_ids[0] == without_ids[1]
{% endfor %}

def test_{{ names }}_are_listed_in_pages_newest_first(writer_api: Client{% if owner %}, writer: User{% endif %}) -> None:
    rows = [create({% if owner %}writer{% endif %}) for _ in range(3)]
    page = writer_api.get(LIST, {"page_size": 2}).json()
    rest = writer_api.get(page["next"]).json()
    assert [row["id"] for row in page["results"] + rest["results"]] == [str(row.pk) for row in reversed(rows)]
    oldest = writer_api.get(LIST, {"ordering": "created_at"}).json()["results"]
    assert [row["id"] for row in oldest] == [str(row.pk) for row in rows]

{% if searched %}
def test_{{ names }}_are_searched(writer_api: Client{% if owner %}, writer: User{% endif %}) -> None:
    {{ name }} = create({% if owner %}writer, {% endif %}{{ searched.0.name }}="{{ searched.0.needle }}")
    create({% if owner %}writer{% endif %})
    found = writer_api.get(LIST, {"search": "needle"}).json()["results"]
    assert [row["id"] for row in found] == [str({{ name }}.pk)]
{% endif %}{% for field in choices %}

def test_{{ names }}_are_filtered_by_{{ field.name }}(writer_api: Client{% if owner %}, writer: User{% endif %}) -> None:
    {{ name }} = create({% if owner %}writer, {% endif %}{{ field.name }}={{ model }}.{{ field.enum }}.{{ field.last.constant }})
    create({% if owner %}writer, {% endif %}{{ field.name }}={{ model }}.{{ field.enum }}.{{ field.first.constant }})
    found = writer_api.get(LIST, {"{{ field.name }}": "{{ field.last.name }}"}).json()["results"]
    assert [row["id"] for row in found] == [str({{ name }}.pk)]
    assert writer_api.get(LIST, {"{{ field.name }}": "unknown"}).status_code == 400
{% endfor %}

@pytest.mark.parametrize("count", [1, 10])
def test_{{ name }}_list_query_count_does_not_depend_on_length(
    writer_api: Client, {% if owner %}writer: User, {% endif %}count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        create({% if owner %}writer{% endif %})
    # Authentication and the page.
    with django_assert_num_queries(2):
        writer_api.get(LIST)

{% if owner %}
@pytest.mark.parametrize("method", [{% if not public_read %}"get", {% endif %}"patch", "delete"])
def test_{{ name }}_of_another_user_is_not_found(user_api: Client, writer: User, method: str) -> None:
    {{ name }} = create(writer)
    assert getattr(user_api, method)(detail({{ name }})).status_code == 404
{% if not public_read %}    assert user_api.get(LIST).json()["results"] == []
{% endif %}    assert {{ model }}.objects.filter(pk={{ name }}.pk).exists()


def test_{{ names }}_are_deleted_with_the_account(writer: User, user: User) -> None:
    create(writer)
    kept = create(user)
    user_delete(user=writer)
    assert list({{ model }}.{% if soft_delete %}all_objects{% else %}objects{% endif %}.all()) == [kept]
{% else %}
@pytest.mark.parametrize("method", ["patch", "delete"])
def test_{{ name }}_is_changed_by_staff_only(user_api: Client, method: str) -> None:
    {{ name }} = create()
    assert user_api.get(detail({{ name }})).status_code == 200
    assert getattr(user_api, method)(detail({{ name }})).status_code == 403
    assert user_api.post(LIST, {}).status_code == 403
{% endif %}

def test_{{ names }}_are_exported_and_imported(writer: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create({% if owner %}writer{% endif %})
    rows = tmp_path / "rows.csv"
    call_command("export_rows", "{{ app }}.{{ model }}", output=rows)
    call_command("import_rows", "{{ app }}.{{ model }}", str(rows))
    assert capsys.readouterr().out == "0 new, 0 changed, 1 unchanged, 0 invalid.\n"


@pytest.mark.django_db
@pytest.mark.parametrize("method", [{% if not public_read %}"get", {% endif %}"post"])
def test_{{ names }}_need_a_login(api: Client, method: str) -> None:
    assert getattr(api, method)(LIST).status_code == 401
{% if public_read %}

def test_{{ names }}_are_read_without_login(api: Client, writer: User) -> None:
    {{ name }} = create({% if owner %}writer{% endif %})
    assert [row["id"] for row in api.get(LIST).json()["results"]] == [str({{ name }}.pk)]
    assert api.get(detail({{ name }})).status_code == 200
{% endif %}{% if soft_delete %}

def test_{{ name }}_is_kept_after_deletion(writer_api: Client{% if owner %}, writer: User{% endif %}) -> None:
    {{ name }} = create({% if owner %}writer{% endif %})
    writer_api.delete(detail({{ name }}))
    assert {{ model }}.all_objects.get().deleted_at
{% endif %}
