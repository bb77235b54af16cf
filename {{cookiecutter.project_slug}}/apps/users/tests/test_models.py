import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.users.models import User
from apps.users.selectors import user_by_email
from apps.users.tests.factories import GroupFactory, UserFactory
from apps.users.tests.helpers import stored_avatars

pytestmark = pytest.mark.django_db


def test_database_rejects_duplicate_email(user: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([UserFactory.build(email=user.email)])


def test_database_rejects_email_in_upper_case(user: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([UserFactory.build(email=user.email.upper())])
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="Upper@example.com")


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


def test_avatar_file_is_deleted_with_the_row(
    user: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user.avatar.save("", ContentFile(b"picture"))
    name = str(user.avatar.name).removeprefix("avatars/")
    assert name in stored_avatars()
    with django_capture_on_commit_callbacks(execute=True):
        user.delete()
    assert name not in stored_avatars()


def test_created_user_is_unverified_and_has_no_privileges() -> None:
    user = User.objects.create_user(" Ada@Example.com", "a long passphrase", first_name="Ada")
    user.refresh_from_db()
    assert user.email == "ada@example.com"
    assert user.first_name == "Ada"
    assert user.check_password("a long passphrase")
    assert (user.is_active, user.is_staff, user.is_superuser, user.is_verified) == (True, False, False, False)


def test_created_superuser_is_verified() -> None:
    user = User.objects.create_superuser("root@example.com", "a long passphrase")
    assert (user.is_active, user.is_staff, user.is_superuser, user.is_verified) == (True, True, True, True)


def test_user_is_found_by_email_in_any_case(user: User) -> None:
    assert user_by_email(f" {user.email.upper()}") == user
    assert user_by_email("unknown@example.com") is None
    assert user_by_email("") is None
