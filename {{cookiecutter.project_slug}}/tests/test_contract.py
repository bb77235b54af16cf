"""Contract tests: valid and invalid requests from the OpenAPI document get documented responses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import CheckFunction
from schemathesis.filters import HasAPIOperation
from schemathesis.pytest.plugin import SchemathesisCase
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from apps.users.tests.factories import SuperuserFactory, UserFactory
from conftest import Client

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

schema = schemathesis.openapi.from_wsgi("/api/schema/", WSGIHandler())


def takes_token(context: HasAPIOperation) -> bool:
    return bool(context.operation.definition.raw["security"] != [{}])


def is_for_staff(context: HasAPIOperation) -> bool:
    return "403" in context.operation.definition.raw["responses"]


# Deterministic, with few examples.
bounded = settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

EXCLUDED: list[CheckFunction] = [
    # Valid input may be rejected for other reasons: a weak password, a used link, an invalid image.
    positive_data_acceptance,
    # Invalid input may be coerced: Django REST Framework reads the number 0 as the text "0".
    negative_data_rejection,
]


@contextmanager
def connection_kept_open() -> Iterator[None]:
    """Keep the connection open as Django's test client does: closing it would roll back the data."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def headers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the headers of a client, by its name in `as_client`."""
    # The client does not decompress responses.
    headers = {"Accept-Encoding": "identity"}
    if request.param != "anonymous":
        factory = {"user": UserFactory, "staff": SuperuserFactory}[request.param]
        headers["Authorization"] = f"Bearer {Client().login_by_token(factory.create()).access}"
    return headers


def as_client(name: str) -> pytest.MarkDecorator:
    """Send the requests of a test as one client.

    The parameter gives each operation a test ID of its own: without one, pytest 9.2 repeats the ID of the
    function, and pytest-xdist runs only one test per ID.
    """
    return pytest.mark.parametrize("headers", [name], indirect=True)


def check(case: Case[Any], headers: dict[str, str]) -> None:
    """Send one request, validate the response against the document, and roll back."""
    with connection_kept_open():
        # A savepoint instead of `atomic`: a durable block must not be nested.
        savepoint = connection.savepoint()
        assert savepoint
        try:
            case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)
        finally:
            connection.savepoint_rollback(savepoint)


@schema.exclude(takes_token).parametrize()
@bounded
@as_client("anonymous")
def test_anonymous_client_gets_documented_responses(case: Case[Any], headers: dict[str, str]) -> None:
    check(case, headers)


@schema.include(takes_token).parametrize()
@bounded
@as_client("user")
def test_user_gets_documented_responses(case: Case[Any], headers: dict[str, str]) -> None:
    check(case, headers)


@schema.include(is_for_staff).parametrize()
@bounded
@as_client("staff")
def test_staff_get_documented_responses(case: Case[Any], headers: dict[str, str]) -> None:
    check(case, headers)


def test_contract_has_one_test_per_operation_and_client(request: pytest.FixtureRequest) -> None:
    # Collect again, since `-k` may have deselected tests.
    collectors = request.node.getparent(pytest.Module).collect()
    ids = [
        item.nodeid for case in collectors if isinstance(case, SchemathesisCase) for item in case.collect()
    ]
    expected = []
    for path, methods in schema.raw_schema["paths"].items():
        for method, operation in methods.items():
            clients = ["user"] if operation["security"] != [{}] else ["anonymous"]
            clients += ["staff"] if "403" in operation["responses"] else []
            expected += [f"[{method.upper()} {path}][{client}]" for client in clients]
    assert sorted(node_id[node_id.index("[") :] for node_id in ids) == sorted(expected)
