import pytest

from apps.users.models import User
from apps.users.selectors import user_by_email, user_export, user_list
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import RefreshSessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_user_is_found_by_the_address_in_any_case(user: User) -> None:
    assert user_by_email(f" {user.email.upper()}") == user
    assert user_by_email("nobody@example.com") is None
    assert user_by_email("") is None


def test_the_list_leaves_deleted_accounts_out(user: User) -> None:
    deactivated, deleted = UserFactory.create(is_active=False), UserFactory.create()
    user_delete(user=deleted)

    assert set(user_list()) == {user, deactivated}


def test_an_export_leaves_out_what_there_is_none_of(user: User) -> None:
    assert user_export(user).keys() == {"users.User"}


def test_an_export_holds_every_session_and_none_of_others(user: User) -> None:
    sessions = RefreshSessionFactory.create_batch(3, user=user)
    RefreshSessionFactory.create()

    rows = user_export(user)["users.RefreshSession"]

    assert {row["id"] for row in rows} == {str(session.pk) for session in sessions}
    assert {row["user"] for row in rows} == {str(user.pk)}
