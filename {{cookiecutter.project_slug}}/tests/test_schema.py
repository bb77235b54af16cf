"""Completeness of the OpenAPI document: summaries, examples, security and errors of every operation."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import Client

PUBLIC = {
    "/api/v1/auth/email/change/confirm/",
    "/api/v1/auth/password/reset/",
    "/api/v1/auth/password/reset/confirm/",
    "/api/v1/auth/register/",
    "/api/v1/auth/resend-verification/",
    "/api/v1/auth/token/",
    "/api/v1/auth/token/refresh/",
    "/api/v1/auth/token/verify/",
    "/api/v1/auth/verify-email/",
}


# Public endpoints of optional features that do not only read.
OPTIONAL = {"/api/v1/shop/cart/token/", "/api/v1/shop/payments/webhook/"}


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """Return the document, generated without warnings."""
    output = StringIO()
    arguments = ("--api-version", "v1", "--validate", "--fail-on-warn", "--format", "openapi-json")
    call_command("spectacular", *arguments, stdout=output)
    generated: dict[str, Any] = json.loads(output.getvalue())
    return generated


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in [operation.get("requestBody", {}), *operation["responses"].values()]:
        yield from part.get("content", {}).values()


def test_document_is_public(api: Client) -> None:
    response = api.get(reverse("schema"), HTTP_ACCEPT="application/vnd.oai.openapi+json")
    assert response.status_code == 200
    assert response.json()["openapi"] == "3.1.0"


def test_operations_have_a_summary_and_an_id(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["summary"], name
        assert "." not in operation["summary"], name
        assert operation["tags"], name
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_operations_require_a_token_unless_public(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        # Signed URLs need no authentication.
        signed = any(parameter["name"] == "token" for parameter in operation.get("parameters", []))
        public = name.split()[1] in PUBLIC | OPTIONAL or signed
        # Reading may be public by the permission class of a view.
        may_be_optional = name.startswith("get ") and operation["security"] == [{"jwt": []}, {}]
        security = operation["security"]
        # There may be other ways to authenticate, such as a ticket.
        requires_token = {"jwt": []} in security and {} not in security
        assert may_be_optional or (security == [{}] if public else requires_token), name
    assert document["paths"].keys() >= PUBLIC


def test_operations_have_error_responses(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        expected = {"406", "429", "503"}
        if operation["security"] != [{}]:
            expected.add("401")
        if "requestBody" in operation:
            expected |= {"400", "415"}
        if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
            expected.add("404")
        assert expected <= operation["responses"].keys(), name


def test_error_responses_are_problem_details(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400":
                (content_type,) = response["content"]
                assert content_type == "application/problem+json", name
                schema = response["content"][content_type]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, name


def test_bodies_have_valid_examples(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        successes = [body for status, body in operation["responses"].items() if status < "300"]
        for body in [operation.get("requestBody", {}), *successes]:
            for content in body.get("content", {}).values():
                assert content.keys() & {"example", "examples"}, name
    examples = [
        (name, content["schema"], example)
        for name, operation in operations(document)
        for content in contents(operation)
        for example in [
            *([content["example"]] if "example" in content else []),
            *(entry["value"] for entry in content.get("examples", {}).values()),
        ]
    ]
    for name, schema, example in examples:
        root = {**schema, "components": document["components"]}
        assert list(jsonschema_rs.iter_errors(root, example)) == [], name


@pytest.mark.django_db
def test_real_problem_matches_its_schema(api: Client, document: dict[str, Any]) -> None:
    root = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    problems = [
        api.get(reverse("v1:users:me")),
        api.post(reverse("v1:auth:register"), {}),
        api.get("/api/nothing/"),
        api.put(reverse("v1:auth:token")),
    ]
    for response in problems:
        assert list(jsonschema_rs.iter_errors(root, response.json())) == []
