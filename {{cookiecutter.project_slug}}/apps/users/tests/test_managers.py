import pytest

from apps.users.models import User
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_created_user_is_unverified_and_has_no_privileges() -> None:
    user = User.objects.create_user(" Ada@Example.com", "a long passphrase", first_name="Ada")

    user.refresh_from_db()
    assert user.email == "ada@example.com"
    assert user.first_name == "Ada"
    assert user.check_password("a long passphrase")
    assert (user.is_active, user.is_staff, user.is_superuser, user.is_verified) == (True, False, False, False)


def test_user_created_without_password_has_unusable_password() -> None:
    assert not User.objects.create_user("ada@example.com").has_usable_password()


def test_create_user_requires_an_email() -> None:
    with pytest.raises(ValueError, match="email must be set"):
        User.objects.create_user("")


def test_created_superuser_is_verified() -> None:
    user = User.objects.create_superuser("root@example.com", "a long passphrase")

    assert (user.is_active, user.is_staff, user.is_superuser, user.is_verified) == (True, True, True, True)


def test_user_is_found_by_email_in_any_case() -> None:
    user = UserFactory.create(email="ada@example.com")

    assert User.objects.get_by_natural_key("ADA@Example.com") == user


def test_missing_email_finds_no_user() -> None:
    UserFactory.create()

    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key(None)


def test_active_and_inactive_filter_users() -> None:
    active, inactive = UserFactory.create(), UserFactory.create(is_active=False)

    assert list(User.objects.active()) == [active]
    assert list(User.objects.inactive()) == [inactive]
