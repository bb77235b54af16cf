import pytest
from django.urls import reverse

from apps.realtime.sessions import ticket_redeem
from apps.users.models import User
from apps.users.services.accounts import user_delete
from conftest import Client

pytestmark = pytest.mark.django_db


def test_ticket_belongs_to_requesting_user(user_api: Client, user: User) -> None:
    response = user_api.post(reverse("v1:realtime:ticket"))
    assert response.status_code == 201
    assert "no-store" in response["Cache-Control"]
    assert response.json()["expires_in"] == 30
    session = ticket_redeem(response.json()["ticket"])
    assert session is not None
    assert session.user_id == str(user.pk)


def test_ticket_requires_authentication(api: Client) -> None:
    assert api.post(reverse("v1:realtime:ticket")).status_code == 401


def test_ticket_is_single_use(user_api: Client) -> None:
    ticket = user_api.post(reverse("v1:realtime:ticket")).json()["ticket"]
    assert ticket_redeem(ticket)
    assert ticket_redeem(ticket) is None


def test_ticket_is_invalid_after_account_deletion(user_api: Client, user: User) -> None:
    ticket = user_api.post(reverse("v1:realtime:ticket")).json()["ticket"]
    user_delete(user=user)
    assert ticket_redeem(ticket) is None


def test_ticket_is_invalid_after_logout(user_api: Client) -> None:
    ticket = user_api.post(reverse("v1:realtime:ticket")).json()["ticket"]
    assert user_api.post(reverse("v1:auth:logout-all")).status_code == 204
    assert ticket_redeem(ticket) is None
