"""Reauthentication with all kinds of bodies and clients."""

import pytest
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from conftest import Client


def test_wrong_passwords_from_many_networks_reach_the_account_limit(
    user_api: Client, user: User, settings: Settings
) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"account": "2/hour"}
    statuses = [
        user_api.delete(
            reverse("v1:users:me"), {"current_password": "wrong"}, REMOTE_ADDR=f"192.0.2.{number}"
        ).status_code
        for number in range(1, 5)
    ]
    assert statuses == [400, 400, 429, 429]


@pytest.mark.parametrize("body", [[], "text", {"current_password": []}, {"current_password": None}])
def test_body_without_valid_password_is_rejected(user_api: Client, user: User, body: object) -> None:
    assert user_api.delete(reverse("v1:users:me"), body).status_code == 400
    user.refresh_from_db()
    assert user.deleted_at is None
