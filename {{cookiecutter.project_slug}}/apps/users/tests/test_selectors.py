import pytest

from apps.users.models import User
from apps.users.selectors import user_by_email, user_export, user_list
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import RefreshSessionFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_user_is_found_by_email_in_any_case(user: User) -> None:
    assert user_by_email(f" {user.email.upper()}") == user
    assert user_by_email("nobody@example.com") is None
    assert user_by_email("") is None


def test_user_list_excludes_deleted_accounts(user: User) -> None:
    deactivated, deleted = UserFactory.create(is_active=False), UserFactory.create()
    user_delete(user=deleted)

    assert set(user_list()) == {user, deactivated}


def test_export_omits_models_without_rows(user: User) -> None:
    assert user_export(user).keys() == {"users.User"}


def test_export_contains_own_sessions_only(user: User) -> None:
    sessions = RefreshSessionFactory.create_batch(3, user=user)
    RefreshSessionFactory.create()

    rows = user_export(user)["users.RefreshSession"]

    assert {row["id"] for row in rows} == {str(session.pk) for session in sessions}
    assert {row["user"] for row in rows} == {str(user.pk)}
