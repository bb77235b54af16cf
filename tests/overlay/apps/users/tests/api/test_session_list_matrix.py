"""Session list with all kinds of input."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.users.models import RefreshSession, User
from apps.users.tests.api.test_session_list import DETAIL
from apps.users.tests.helpers import later, problem_of
from conftest import Client

LIST = "v1:auth:session-list"


@pytest.mark.parametrize(
    ("agent", "device"),
    [("x" * 300, "x" * 200), ("a\0b\x1b[31mc\n", "ab[31mc"), ("Grüße", "Grüße"), ("", "")],
)
def test_device_is_a_printable_label_of_the_user_agent(user: User, agent: str, device: str) -> None:
    Client(HTTP_USER_AGENT=agent).login_by_token(user)
    assert RefreshSession.objects.get().device == device


@pytest.mark.parametrize("key", ["0", "x", "%00", "ffffffff-ffff-ffff-ffff-ffffffffffff", "x" * 2000])
def test_session_that_does_not_exist_is_not_found(user_api: Client, key: str) -> None:
    problem_of(user_api.delete(f"{reverse(LIST)}{key}/"), 404)


def test_session_shows_when_it_was_used_last(api: Client, user: User) -> None:
    pair = api.login_by_token(user)
    with later(3600):
        api.post(reverse("v1:auth:token-refresh"), {"refresh": pair.refresh})
    session = RefreshSession.objects.get()
    assert session.last_used_at - session.created_at >= timedelta(seconds=3590)


def test_current_session_is_revoked_without_a_password(api: Client, user: User) -> None:
    with later(-3600):
        pair = api.login_by_token(user)
    access = api.post(reverse("v1:auth:token-refresh"), {"refresh": pair.refresh}).json()["access"]
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    assert api.delete(reverse(DETAIL, args=[RefreshSession.objects.get().pk])).status_code == 204
    assert not RefreshSession.objects.filter(revoked_at=None).exists()


def test_list_contains_no_secrets(user_api: Client) -> None:
    text = user_api.get(reverse(LIST)).content.decode()
    assert RefreshSession.objects.get().current_jti not in text
