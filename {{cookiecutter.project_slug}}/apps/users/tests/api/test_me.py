"""Endpoints of the current user: profile, export and deletion."""

import json

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.users.models import RefreshSession, User
from apps.users.tests.factories import PASSWORD, GroupFactory, UserFactory
from apps.users.tests.helpers import assert_unauthorized, stored_avatars
from apps.users.tests.images import picture, upload
from conftest import Client

pytestmark = pytest.mark.django_db

ME = "v1:users:me"


def log_about(user: User, by: User) -> None:
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, change_message=f"Changed the name of {user.email}.")


def test_user_retrieves_own_account(user_api: Client, user: User) -> None:
    response = user_api.get(reverse(ME))

    assert response.status_code == 200
    body = response.json()
    assert body.keys() == {
        "id",
        "email",
        "first_name",
        "last_name",
        "language",
        "timezone",
        "avatar",
        "is_staff",
        "created_at",
        "updated_at",
    }
    assert body["id"] == str(user.pk)
    assert body["email"] == user.email


def test_own_account_needs_one_query(
    user_api: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        user_api.get(reverse(ME))


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_own_account_requires_a_login(api: Client, method: str) -> None:
    assert_unauthorized(getattr(api, method)(reverse(ME)), "not_authenticated")


def test_user_updates_own_profile(user_api: Client, user: User) -> None:
    last_name, updated_at = user.last_name, user.updated_at
    response = user_api.patch(reverse(ME), {"first_name": "Ada"})
    assert response.status_code == 200
    assert response.json() == user_api.get(reverse(ME)).json()
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("Ada", last_name)
    assert user.updated_at > updated_at


def test_profile_update_ignores_other_fields(user_api: Client, user: User) -> None:
    unchanged = User.objects.values("email", "is_staff", "is_superuser", "is_active", "password", "id").get()

    response = user_api.patch(
        reverse(ME),
        {
            "id": "00000000-0000-0000-0000-000000000000",
            "email": "mallory@example.com",
            "password": "quite another passphrase",
            "is_staff": True,
            "is_superuser": True,
            "is_active": False,
            "roles": ["administrators"],
        },
    )

    assert response.status_code == 200
    assert User.objects.values(*unchanged).get() == unchanged


# Deletion


def test_deleted_account_cannot_log_in(user_api: Client, user: User) -> None:
    email = user.email
    response = user_api.delete(reverse(ME))
    assert (response.status_code, response.content) == (204, b"")
    assert user_api.get(reverse(ME)).status_code == 401
    login = Client().post(reverse("v1:auth:token"), {"email": email, "password": PASSWORD})
    assert_unauthorized(login, "invalid_credentials")
    user.refresh_from_db()
    assert not user.is_active
    assert user.deleted_at is not None


def test_deletion_removes_all_personal_data(superuser: User) -> None:
    person = UserFactory.create(
        email="ada@example.net", first_name="Augusta", last_name="Lovelace", is_staff=True, is_superuser=True
    )
    person.groups.add(GroupFactory.create())
    log_about(person, by=superuser)
    log_about(superuser, by=person)
    Client().post(reverse("v1:auth:token"), {"email": person.email, "password": "wrong"})
    client = Client()
    client.login_by_token(person)
    Client().post(reverse("v1:auth:token"), {"email": person.email, "password": "wrong"})
    avatar = {"avatar": upload(picture())}
    assert client.put(reverse("v1:users:avatar"), avatar, format="multipart").status_code == 200
    assert AccessAttempt.objects.exists()
    files = set(stored_avatars())

    client.delete(reverse(ME))

    rows = {
        model._meta.label: list(model._base_manager.values())  # noqa: SLF001 - Django's documented Options API
        for model in apps.get_models(include_auto_created=True)
    }
    stored = str(rows)
    assert not [word for word in ("ada@", "augusta", "lovelace", person.password) if word in stored.lower()]
    assert not rows["users.RefreshSession"]
    assert not rows["axes.AccessAttempt"]
    assert not rows["users.User_groups"]
    assert len(files - set(stored_avatars())) == 1
    # Log entries by or about others are kept.
    assert LogEntry.objects.filter(user=person, object_id=str(superuser.pk)).exists()
    about = LogEntry.objects.get(object_id=str(person.pk))
    assert about.user == superuser
    assert about.get_change_message() == ""
    person.refresh_from_db()
    assert not person.is_staff
    assert not person.is_superuser
    assert not person.has_usable_password()
    assert person.last_login is None
    assert not person.is_verified


# Export


def test_export_contains_all_data_of_the_user(user_api: Client, user: User) -> None:
    permissions = list(Permission.objects.select_related("content_type")[:3])
    user.user_permissions.add(*permissions)
    user.groups.add(GroupFactory.create(name="editors"))
    Client().login_by_token(user)
    for other in UserFactory.create_batch(2):
        log_about(other, by=user)

    response = user_api.get(reverse("v1:users:export"))

    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="export.json"'
    export = response.json()
    (account,) = export["users.User"]
    assert account["email"] == user.email
    assert account["first_name"] == user.first_name
    assert account["last_name"] == user.last_name
    assert account["groups"] == ["editors"]
    assert account["last_login"]
    assert account["user_permissions"] == [str(permission) for permission in permissions]
    logins = {str(key) for key in RefreshSession.objects.values_list("pk", flat=True)}
    assert {login["id"] for login in export["users.RefreshSession"]} == logins
    assert len(logins) == 2
    assert [entry["user"] for entry in export["admin.LogEntry"]] == [str(user.pk)] * 2


def test_export_contains_no_secrets_and_no_data_of_others(user_api: Client, user: User) -> None:
    other = UserFactory.create()
    Client().login_by_token(other)
    log_about(user, by=other)
    log_about(other, by=user)
    text = json.dumps(user_api.get(reverse("v1:users:export")).json())
    user.refresh_from_db()
    secrets = [user.password, *RefreshSession.objects.values_list("current_jti", flat=True)]
    assert not [secret for secret in secrets if secret in text]
    assert "session_epoch" not in text
    assert other.email not in text


def test_export_requires_a_login(api: Client) -> None:
    assert_unauthorized(api.get(reverse("v1:users:export")), "not_authenticated")
