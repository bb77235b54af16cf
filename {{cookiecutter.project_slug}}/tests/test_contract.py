"""Requests made from the OpenAPI document, right and wrong ones, are answered as it says."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.filters import HasAPIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from apps.users.models import User
from apps.users.tests.factories import StaffFactory, UserFactory
from conftest import Client

pytestmark = pytest.mark.django_db

schema = schemathesis.openapi.from_wsgi("/api/schema/", WSGIHandler())


def takes_token(context: HasAPIOperation) -> bool:
    return bool(context.operation.definition.raw["security"] != [{}])


def is_for_staff(context: HasAPIOperation) -> bool:
    return "403" in context.operation.definition.raw["responses"]


# The same requests in every run, few enough for every run.
bounded = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


EXCLUDED: list[CheckFunction] = [
    # Refused is also what a schema cannot tell: a weak password, a spent link, a file that is no picture.
    positive_data_acceptance,
    # Accepted is also what can be understood: Django REST Framework reads the number 0 as the text "0".
    negative_data_rejection,
]


@contextmanager
def connection_kept_open() -> Iterator[None]:
    """As Django's test client does: a request would close it at its end, and with it undo the data."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def token(user: User) -> str:
    return Client().login_by_token(user).access


@pytest.fixture
def user_token() -> str:
    return token(UserFactory.create())


@pytest.fixture
def staff_token() -> str:
    return token(StaffFactory.create())


def check(case: Case[Any], token: str = "") -> None:
    """Send one request and compare the answer; what it changed is taken back."""
    # The client does not unpack.
    headers = {"Accept-Encoding": "identity"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    with connection_kept_open(), transaction.atomic():
        case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)
        transaction.set_rollback(True)


@schema.exclude(takes_token).parametrize()
@bounded
def test_anonymous_clients_get_what_the_document_says(case: Case[Any]) -> None:
    check(case)


@schema.include(takes_token).parametrize()
@bounded
def test_users_get_what_the_document_says_and_nobody_without_a_token(
    case: Case[Any], user_token: str
) -> None:
    check(case, user_token)


@schema.include(is_for_staff).parametrize()
@bounded
def test_staff_get_what_the_document_says(case: Case[Any], staff_token: str) -> None:
    check(case, staff_token)
