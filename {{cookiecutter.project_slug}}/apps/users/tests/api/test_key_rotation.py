"""Rotation of `SECRET_KEY`, with and without the old key in `SECRET_KEY_FALLBACKS`."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from conftest import Client

Rotate = Callable[[], None]


@pytest.fixture
def rotate(settings: Settings) -> Rotate:
    def to_a_new_key() -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another-key-for-tests-" + "y" * 50

    return to_a_new_key


def test_session_continues_and_next_tokens_use_the_new_key(
    api: Client, user: User, rotate: Rotate, settings: Settings
) -> None:
    old = api.login_by_token(user)
    rotate()
    assert api.get(reverse("v1:users:me")).status_code == 200
    assert api.post("/api/v1/auth/token/verify/", {"token": old.refresh}).status_code == 200
    renewed = api.post("/api/v1/auth/token/refresh/", {"refresh": old.refresh})
    assert renewed.status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert api.get(reverse("v1:users:me")).status_code == 401
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {renewed.json()['access']}")
    assert api.get(reverse("v1:users:me")).status_code == 200
    again = api.post("/api/v1/auth/token/refresh/", {"refresh": renewed.json()["refresh"]})
    assert again.status_code == 200
