"""Tokens with a valid signature and malformed claims, which must not cause a server error."""

import json
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.users.models import User
from apps.users.services.sessions import TokenPair
from apps.users.tests.helpers import Response, assert_unauthorized, claims_of, fields_of
from apps.users.tokens import EMAIL_CHANGE, EMAIL_VERIFICATION, PASSWORD_RESET
from conftest import Client

REQUIRED = ["sub", "sid", "jti", "exp", "iat", "auth_time", "hash", "token_type", "iss"]
# Values that are invalid for every claim. PyJWT signs only text as `iss`.
NO_TEXTS: list[Any] = [None, True, -1, 10**30, float("nan"), ["x"], {}]
TEXTS = ["ä", "\ud800", "6f1a0c6e7a2b4d6c8e9f0a1b2c3d4e\0ä"]
OTHERS = [0, 0.5, 10**12, -(10**30), float("inf"), "9" * 5000, "x" * 100_000, json.loads("[" * 50 + "]" * 50)]
MAIL_TOKENS = {
    "verify-email": EMAIL_VERIFICATION,
    "password-reset-confirm": PASSWORD_RESET,
    "email-change-confirm": EMAIL_CHANGE["new"],
}
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(OTHERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
parts = st.sampled_from(
    ["", "-", ".", "0", "-1", "1_0", "z" * 14, "\ud800", "\0", "\u00e4", "9" * 4000]
) | st.text(max_size=30)
# Deterministic, with few examples.
bounded = hypothesis_settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def pair(user: User) -> TokenPair:
    return Client().login_by_token(user)


def signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")


def authorized_by(token: str) -> Client:
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def answers(kind: str, token: str, pair: TokenPair) -> list[Response]:
    """Return the responses of all endpoints for a token of this kind."""
    verified = Client().post(reverse("v1:auth:token-verify"), {"token": token})
    if kind == "access":
        api = authorized_by(token)
        responses = [api.get(reverse(f"v1:{name}")) for name in ("users:me", "auth:session-list")]
        return [verified, *responses, api.post(reverse("v1:auth:logout"), {"refresh": pair.refresh})]
    renewed = Client().post(reverse("v1:auth:token-refresh"), {"refresh": token})
    logout = authorized_by(pair.access).post(reverse("v1:auth:logout"), {"refresh": token})
    return [verified, renewed, logout]


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_token_with_malformed_claim_is_rejected(pair: TokenPair, kind: str, name: str) -> None:
    for odd in TEXTS if name == "iss" else [*NO_TEXTS, *TEXTS]:
        token = signed(claims_of(getattr(pair, kind)) | {name: odd})
        for response in answers(kind, token, pair):
            assert_unauthorized(response, "token_not_valid")


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_token_without_a_claim_is_rejected(pair: TokenPair, kind: str, name: str) -> None:
    claims = claims_of(getattr(pair, kind))
    del claims[name]
    for response in answers(kind, signed(claims), pair):
        assert_unauthorized(response, "token_not_valid")


@pytest.mark.parametrize(
    "payload", ["[]", "1", "null", "{", "[" * 3000, '{"exp": 1' + "0" * 5000 + "}", "\xff"]
)
def test_token_with_malformed_payload_is_rejected(pair: TokenPair, payload: str) -> None:
    token = jwt.PyJWS().encode(payload.encode("latin-1"), settings.SECRET_KEY, algorithm="HS256")
    for kind in ("access", "refresh"):
        for response in answers(kind, token, pair):
            assert response.status_code in {400, 401}


@bounded
@given(kind=st.sampled_from(["access", "refresh"]), odd=st.dictionaries(st.sampled_from(REQUIRED), values))
def test_malformed_claims_cause_no_server_error(pair: TokenPair, kind: str, odd: dict[str, Any]) -> None:
    odd = {name: str(value) if name == "iss" else value for name, value in odd.items()}
    token = signed(claims_of(getattr(pair, kind)) | odd)
    for response in answers(kind, token, pair):
        assert response.status_code in {200, 204, 400, 401}


def confirm(name: str, token: str) -> Response:
    body = {"token": token, "password": "a long passphrase", "new_password": "quite another passphrase"}
    return Client().generic("POST", reverse(f"v1:auth:{name}"), json.dumps(body), "application/json")


@bounded
@given(name=st.sampled_from(sorted(MAIL_TOKENS)), key=parts, time=parts, digest=parts)
def test_malformed_mail_token_is_rejected(user: User, name: str, key: str, time: str, digest: str) -> None:
    own_key, _, own_token = MAIL_TOKENS[name].make(user).partition(".")
    own_time, _, own_digest = own_token.partition("-")
    for token in (
        f"{key}.{own_token}",
        f"{own_key}.{time}-{own_digest}",
        f"{own_key}.{own_time}-{digest}",
        f"{own_key}{time}{own_token}",
        digest,
    ):
        assert {field for field, _ in fields_of(confirm(name, token))} == {"token"}
