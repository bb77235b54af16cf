"""Rotation of `SECRET_KEY`, with and without the old key in `SECRET_KEY_FALLBACKS`."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.test import override_settings
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, StaffFactory
from apps.users.tokens import PASSWORD_RESET
from conftest import Client

Rotate = Callable[[], None]


@pytest.fixture
def rotate(settings: Settings) -> Rotate:
    def to_a_new_key() -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another-key-for-tests-" + "y" * 50

    return to_a_new_key


def test_ended_session_stays_ended_after_rotation(api: Client, user: User, rotate: Rotate) -> None:
    api.login_by_token(user)
    User.objects.update(session_epoch=user.session_epoch + 1)
    rotate()
    assert api.get(reverse("v1:users:me")).status_code == 401


def test_token_signed_with_an_unknown_key_is_rejected(
    api: Client, user: User, rotate: Rotate, settings: Settings
) -> None:
    api.login_by_token(user)
    rotate()
    rotate()
    assert settings.SECRET_KEY_FALLBACKS == [settings.SECRET_KEY]
    assert api.get(reverse("v1:users:me")).status_code == 401


@pytest.mark.django_db
def test_admin_session_moves_to_the_new_key(rotate: Rotate, settings: Settings) -> None:
    browser = Browser()
    browser.force_login(StaffFactory.create(), "apps.users.backends.VerifiedEmailBackend")
    rotate()
    assert browser.get(reverse("admin:index")).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert browser.get(reverse("admin:index")).status_code == 200


def test_admin_session_ends_with_its_key(user: User, rotate: Rotate, settings: Settings) -> None:
    browser = Browser()
    browser.force_login(StaffFactory.create(), "apps.users.backends.VerifiedEmailBackend")
    rotate()
    settings.SECRET_KEY_FALLBACKS = []
    assert browser.get(reverse("admin:index")).status_code == 302


def test_emailed_link_is_valid_while_its_key_is_a_fallback(
    api: Client, user: User, rotate: Rotate, settings: Settings
) -> None:
    body = {"token": PASSWORD_RESET.make(user), "new_password": f"new {PASSWORD}"}
    rotate()
    url = "/api/v1/auth/password/reset/confirm/"
    with override_settings(SECRET_KEY_FALLBACKS=[]):
        assert api.post(url, body).status_code == 400
    assert api.post(url, body).status_code == 204
    assert api.post(url, body).status_code == 400


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
