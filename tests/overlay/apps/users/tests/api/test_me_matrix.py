"""Profile with all kinds of input."""

from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.mail import EmailMessage
from django.urls import reverse

from apps.users.models import RefreshSession, User
from apps.users.services import accounts
from apps.users.services.accounts import user_delete
from apps.users.tests.api.test_me import ME
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import assert_unauthorized, fields_of, stored_avatars, token_in
from apps.users.tests.images import picture, upload
from conftest import Client
from tests.sampleapp.factories import NoteFactory

pytestmark = pytest.mark.django_db


def log_about(user: User, by: User) -> None:
    LogEntry.objects.log_actions(by.pk, [user], CHANGE, change_message=f"Changed the name of {user.email}.")


def test_profile_name_can_be_cleared(user_api: Client, user: User) -> None:
    assert user_api.patch(reverse(ME), {"first_name": "", "last_name": ""}).status_code == 200
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("", "")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"first_name": "A" * 151}, {("first_name", "max_length")}),
        ({"last_name": None}, {("last_name", "null")}),
        ({"first_name": []}, {("first_name", "invalid")}),
        ({"first_name": "a\0b"}, {("first_name", "null_characters_not_allowed")}),
        ([], {("non_field_errors", "invalid")}),
    ],
)
def test_invalid_profile_is_rejected(
    user_api: Client, user: User, body: Any, errors: set[tuple[str, str]]
) -> None:
    assert fields_of(user_api.patch(reverse(ME), body)) == errors
    before = user.first_name, user.last_name
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == before


def test_multiple_accounts_can_be_deleted() -> None:
    for user in UserFactory.create_batch(2):
        client = Client()
        client.login_by_token(user)
        assert client.delete(reverse(ME)).status_code == 204
    assert User.objects.inactive().count() == 2


def test_deletion_scrubs_admin_log_of_owned_rows(
    user_api: Client, user: User, superuser: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "KEYS_AT_ONCE", 2)
    own = NoteFactory.create_batch(3, owner=user)
    # A row with another owner, created by the user.
    other = NoteFactory.create(owner=superuser, created_by=user)
    LogEntry.objects.log_actions(superuser.pk, [*own, other], CHANGE, change_message="diagnosis")
    LogEntry.objects.update(object_repr="diagnosis")
    # Content type of an app that is no longer installed.
    gone = ContentType.objects.create(app_label="gone", model="gone")
    LogEntry.objects.create(
        user=superuser, content_type=gone, object_id="1", object_repr="", action_flag=CHANGE
    )

    user_api.delete(reverse(ME))

    for note in own:
        entry = LogEntry.objects.get(object_id=str(note.pk))
        assert (entry.object_repr, entry.get_change_message()) == (str(note.pk), "")
    entry = LogEntry.objects.get(object_id=str(other.pk))
    assert (entry.object_repr, entry.change_message) == ("diagnosis", "diagnosis")


def test_deletion_does_not_affect_other_users(user_api: Client, superuser: User) -> None:
    log_about(superuser, by=superuser)
    Client().post(reverse("v1:auth:token"), {"email": superuser.email, "password": "wrong"})
    before = User.objects.values().get(pk=superuser.pk)
    Client().login_by_token(superuser)
    user_api.delete(reverse(ME))
    after = User.objects.values().get(pk=superuser.pk)
    assert after == before | {"last_login": after["last_login"]}
    assert RefreshSession.objects.get().user == superuser
    assert superuser.email in LogEntry.objects.get().change_message


def test_email_of_deleted_account_can_register_again(
    user_api: Client, user: User, mailoutbox: list[EmailMessage]
) -> None:
    user_api.delete(reverse(ME))
    newcomer = Client()
    body = {"email": user.email, "password": "quite another passphrase"}
    assert newcomer.post(reverse("v1:auth:register"), body).status_code == 202
    token = token_in(mailoutbox[-1])
    verification = {"token": token, "password": body["password"]}
    assert newcomer.post(reverse("v1:auth:verify-email"), verification).status_code == 204
    successor = User.objects.get(email=user.email)
    assert successor.pk != user.pk
    newcomer.login_by_token(successor, body["password"])


def test_export_contains_owned_and_authored_rows_once(user_api: Client, user: User) -> None:
    other = UserFactory.create()
    own = NoteFactory.create(owner=user, created_by=user, updated_by=user)
    deleted = NoteFactory.create(owner=user)
    deleted.delete()
    written = NoteFactory.create(owner=other, created_by=user)
    NoteFactory.create(owner=other, created_by=other)
    rows = user_api.get(reverse("v1:users:export")).json()["sampleapp.Note"]
    assert sorted(row["id"] for row in rows) == sorted(str(note.pk) for note in (own, deleted, written))


def test_concurrently_deleted_account_is_not_changed(user_api: Client, user: User) -> None:
    stale = User.objects.get()
    user_delete(user=user)
    api = Client()
    # The state at the start of the request.
    api.force_authenticate(stale)
    avatar = {"avatar": upload(picture())}
    files = stored_avatars()
    assert_unauthorized(api.patch(reverse(ME), {"first_name": "Ada"}), "token_not_valid")
    assert_unauthorized(api.put(reverse("v1:users:avatar"), avatar, format="multipart"), "token_not_valid")
    assert_unauthorized(api.delete(reverse(ME), {"current_password": PASSWORD}), "token_not_valid")
    assert User.objects.get().first_name == ""
    assert stored_avatars() == files
