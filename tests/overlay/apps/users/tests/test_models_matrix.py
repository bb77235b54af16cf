"""User model: managers, avatars and session hash."""

import re

import pytest

from apps.users.models import User, avatar_path
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


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


def test_user_created_without_password_has_unusable_password() -> None:
    assert not User.objects.create_user("ada@example.com").has_usable_password()


def test_create_user_requires_an_email() -> None:
    with pytest.raises(ValueError, match="email must be set"):
        User.objects.create_user("")


def test_active_and_inactive_filter_users() -> None:
    active, inactive = UserFactory.create(), UserFactory.create(is_active=False)
    assert list(User.objects.active()) == [active]
    assert list(User.objects.inactive()) == [inactive]
