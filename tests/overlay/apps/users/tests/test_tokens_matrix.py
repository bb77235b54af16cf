"""JSON Web Tokens of other environments and clocks."""

import pytest
from django.conf import settings as project_settings
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from apps.users.services.sessions import session_create
from apps.users.tests.helpers import claims_of, get_me, later
from conftest import Client


@pytest.mark.parametrize(("late", "status"), [(5, 200), (15, 401)])
def test_expired_token_is_valid_within_the_leeway(user: User, late: int, status: int) -> None:
    pair = session_create(user=user)
    with later(claims_of(pair.access)["exp"] - claims_of(pair.access)["iat"] + late):
        assert get_me(pair.access).status_code == status


@pytest.mark.parametrize(("name", "claim"), [("ISSUER", "iss"), ("AUDIENCE", "aud")])
def test_token_of_another_environment_is_rejected_despite_same_key(
    user: User, settings: Settings, name: str, claim: str
) -> None:
    settings.SIMPLE_JWT = {**project_settings.SIMPLE_JWT, name: "https://staging.example.com"}
    staging = session_create(user=user)
    assert (
        claims_of(staging.access)[claim] == claims_of(staging.refresh)[claim] == "https://staging.example.com"
    )
    assert get_me(staging.access).status_code == 200
    settings.SIMPLE_JWT = {**project_settings.SIMPLE_JWT, name: "https://example.com"}
    assert get_me(staging.access).status_code == 401
    for path, field in (("token-refresh", "refresh"), ("token-verify", "token")):
        response = Client().post(reverse(f"v1:auth:{path}"), {field: staging.refresh})
        assert response.status_code == 401
    assert get_me(session_create(user=user).access).status_code == 200


@pytest.mark.parametrize(("ahead", "status"), [(1, 200), (8, 200), (15, 401)])
def test_token_from_a_clock_ahead_is_valid_within_the_leeway(user: User, ahead: int, status: int) -> None:
    with later(ahead):
        pair = session_create(user=user)
    assert get_me(pair.access).status_code == status
    body = {"refresh": pair.refresh}
    assert Client().post(reverse("v1:auth:token-refresh"), body).status_code == status
