import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from apps.users.models import User
from apps.users.tests.factories import GroupFactory, StaffFactory, SuperuserFactory, UserFactory
from conftest import Client
from tests.sampleapp.factories import NoteFactory
from tests.sampleapp.models import Note

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.sampleapp.urls")]

ALLOWED = {"get": 200, "put": 200, "patch": 200, "delete": 204}
DENIED = {"get": 403, "put": 403, "patch": 403, "delete": 403}
NOBODY = {"get": 401, "put": 401, "patch": 401, "delete": 401}


def answers(client: APIClient, route: str, note: Note) -> dict[str, int]:
    """Return the response status of each method."""
    url = reverse(f"{route}-detail", args=[note.pk])
    body = {"text": "changed"}
    return {
        "get": client.get(url).status_code,
        "put": client.put(url, body).status_code,
        "patch": client.patch(url, body).status_code,
        "delete": client.delete(url).status_code,
    }


def logged_in(user: User) -> Client:
    client = Client()
    client.force_authenticate(user)
    return client


@pytest.mark.parametrize("route", ["owned-note", "published-note", "created-note"])
def test_owned_object_requires_authentication(api: Client, route: str) -> None:
    note = NoteFactory.create()
    assert answers(api, route, note) == NOBODY
    response = api.get(reverse(f"{route}-list"))
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def test_owned_object_is_accessible_to_its_owner_only(user: User) -> None:
    mine, foreign = NoteFactory.create(owner=user), NoteFactory.create()
    assert answers(logged_in(user), "owned-note", foreign) == DENIED
    assert answers(logged_in(user), "owned-note", mine) == ALLOWED


def test_owned_object_is_forbidden_for_superusers() -> None:
    assert answers(logged_in(SuperuserFactory.create()), "owned-note", NoteFactory.create()) == DENIED


def test_owner_or_read_only_allows_others_to_read(user: User) -> None:
    mine, foreign = NoteFactory.create(owner=user), NoteFactory.create()
    assert answers(logged_in(user), "published-note", foreign) == DENIED | {"get": 200}
    assert answers(logged_in(user), "published-note", mine) == ALLOWED


def test_admin_or_read_only_allows_staff_to_write() -> None:
    url = reverse("article-list")
    body = {"title": "News"}
    assert Client().get(url).status_code == 401
    assert Client().post(url, body).status_code == 401
    assert logged_in(UserFactory.create()).get(url).status_code == 200
    assert logged_in(UserFactory.create()).post(url, body).status_code == 403
    assert logged_in(StaffFactory.create()).post(url, body).status_code == 201


def test_role_grants_access_to_members_and_superusers() -> None:
    url = reverse("editorial")
    publisher, reader = UserFactory.create(), UserFactory.create()
    publisher.groups.add(GroupFactory.create(name="publisher"))
    reader.groups.add(GroupFactory.create(name="reader"))
    assert Client().get(url).status_code == 401
    assert logged_in(publisher).get(url).status_code == 200
    assert logged_in(reader).get(url).status_code == 403
    assert logged_in(UserFactory.create()).get(url).status_code == 403
    assert logged_in(StaffFactory.create()).get(url).status_code == 403
    assert logged_in(SuperuserFactory.create()).get(url).status_code == 200
