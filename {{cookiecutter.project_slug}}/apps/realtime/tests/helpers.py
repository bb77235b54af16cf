"""Event loop and credentials for tests of WebSockets and event streams."""

from collections.abc import Awaitable, Callable
from functools import wraps

from asgiref.sync import async_to_sync
from django.urls import reverse

from apps.realtime.sessions import session_of_request, ticket_create
from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from conftest import Client


def in_loop(scenario: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test in an event loop."""
    return wraps(scenario)(async_to_sync(scenario))


def ticket_of(user: User) -> str:
    return ticket_create(session_of_request(user, None))


def log_in(user: User) -> dict[str, str]:
    body = {"email": user.email, "password": PASSWORD}
    tokens: dict[str, str] = Client().post(reverse("v1:auth:token"), body).json()
    return tokens
