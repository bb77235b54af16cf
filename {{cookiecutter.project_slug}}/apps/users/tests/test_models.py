import re
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.users.models import RefreshSession, User, avatar_path
from apps.users.tests.factories import GroupFactory, RefreshSessionFactory, UserFactory
from apps.users.tests.helpers import stored_avatars


def test_user_str_is_the_email(user: User) -> None:
    assert str(user) == user.email


def test_database_rejects_duplicate_email(user: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([UserFactory.build(email=user.email)])


def test_database_rejects_email_in_upper_case(user: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([UserFactory.build(email=user.email.upper())])
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="Upper@example.com")


@pytest.mark.django_db
def test_clean_converts_email_to_lower_case(user: User) -> None:
    other = UserFactory.build(email=f" {user.email.upper()} ")

    with pytest.raises(ValidationError) as failure:
        other.full_clean()

    assert other.email == user.email
    assert failure.value.message_dict.keys() == {"email"}


def test_user_roles_are_the_groups(user: User) -> None:
    editors, _authors = GroupFactory.create(name="editors"), GroupFactory.create(name="authors")
    user.groups.add(editors)

    assert user.has_role("editors")
    assert user.has_role("authors", "editors")
    assert not user.has_role("authors")
    assert not user.has_role()


def test_session_hash_depends_on_password_and_epoch(user: User) -> None:
    before = user.get_session_auth_hash()
    assert User.objects.get(pk=user.pk).get_session_auth_hash() == before

    user.session_epoch += 1
    in_new_epoch = user.get_session_auth_hash()
    user.session_epoch -= 1
    user.set_password("quite another passphrase")

    assert len({before, in_new_epoch, user.get_session_auth_hash()}) == 3


def test_avatar_path_is_random() -> None:
    names = {avatar_path(User(), "../../me.php") for _ in range(2)}

    assert len(names) == 2
    assert all(re.fullmatch(r"avatars/[0-9a-f]{32}\.webp", name) for name in names)


def test_avatar_file_is_deleted_with_the_row(
    user: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    user.avatar.save("", ContentFile(b"picture"))
    name = str(user.avatar.name).removeprefix("avatars/")
    assert name in stored_avatars()

    with django_capture_on_commit_callbacks(execute=True):
        user.delete()

    assert name not in stored_avatars()


@pytest.mark.django_db
def test_session_str_does_not_contain_the_user() -> None:
    session = RefreshSessionFactory.create()

    assert str(session) == str(session.pk)


@pytest.mark.django_db
def test_session_purge_removes_expired_sessions_only() -> None:
    alive = RefreshSessionFactory.create()
    RefreshSessionFactory.create_batch(2, expired=True)
    output = StringIO()

    call_command("purge_sessions", stdout=output)

    assert output.getvalue() == "2 sessions removed.\n"
    assert RefreshSession.objects.get() == alive
