"""Session list of a user, and revocation of single sessions."""

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.users.models import RefreshSession, User
from apps.users.tests.factories import PASSWORD, RefreshSessionFactory, UserFactory
from apps.users.tests.helpers import assert_unauthorized, problem_of
from conftest import Client

LIST = "v1:auth:session-list"
DETAIL = "v1:auth:session-detail"


def test_sessions_are_listed_with_the_current_one(user_api: Client, user: User) -> None:
    Client(HTTP_USER_AGENT="Phone/1.0").login_by_token(user)
    rows = user_api.get(reverse(LIST)).json()["results"]
    assert [set(row) for row in rows] == [{"id", "device", "created_at", "last_used_at", "current"}] * 2
    assert {(row["device"], row["current"]) for row in rows} == {("Phone/1.0", False), ("", True)}


def test_list_excludes_ended_sessions_and_those_of_others(user_api: Client, user: User) -> None:
    RefreshSessionFactory.create()
    RefreshSessionFactory.create(user=user, expired=True)
    RefreshSessionFactory.create(user=user, revoked_at=timezone.now())
    (row,) = user_api.get(reverse(LIST)).json()["results"]
    assert row["current"]


def test_session_can_be_revoked(user_api: Client, user: User) -> None:
    other = Client()
    pair = other.login_by_token(user)
    session = RefreshSession.objects.earliest("-created_at")
    assert user_api.delete(reverse(DETAIL, args=[session.pk])).status_code == 204
    assert_unauthorized(
        other.post(reverse("v1:auth:token-refresh"), {"refresh": pair.refresh}), "token_not_valid"
    )
    assert user_api.get(reverse("v1:users:me")).status_code == 200
    assert len(user_api.get(reverse(LIST)).json()["results"]) == 1
    assert user_api.delete(reverse(DETAIL, args=[session.pk])).status_code == 404


@pytest.mark.parametrize("revoked", [False, True])
def test_session_of_another_user_is_not_found(user_api: Client, *, revoked: bool) -> None:
    other = RefreshSessionFactory.create(revoked_at=timezone.now() if revoked else None)
    response = user_api.delete(reverse(DETAIL, args=[other.pk]), {"current_password": PASSWORD})
    problem_of(response, 404)
    other.refresh_from_db()
    assert bool(other.revoked_at) is revoked


@pytest.mark.django_db
def test_session_list_requires_a_login(api: Client) -> None:
    session = RefreshSessionFactory.create(user=UserFactory.create())
    assert_unauthorized(api.get(reverse(LIST)), "not_authenticated")
    assert_unauthorized(api.delete(reverse(DETAIL, args=[session.pk])), "not_authenticated")
