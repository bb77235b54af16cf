"""Detection of breaking API changes."""

from copy import deepcopy
from typing import Any

import pytest

from tools.openapi_diff import report

USER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": {"type": "string", "maxLength": 100},
        "role": {"type": "string", "enum": ["member", "owner"]},
        "boss": {"allOf": [{"$ref": "#/components/schemas/User"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["id", "name"],
}
USER_REQUEST = deepcopy(USER)
USER_REQUEST["properties"]["boss"] = {"allOf": [{"$ref": "#/components/schemas/UserRequest"}]}
JSON_USER = {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "paths": {
        "/users/": {
            "get": {
                "parameters": [{"in": "query", "name": "search", "schema": {"type": "string"}}],
                "responses": {
                    "200": {"content": JSON_USER},
                    "404": {"content": {"application/problem+json": {"schema": {"type": "object"}}}},
                },
                "security": [{}],
            },
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/UserRequest"}},
                        "multipart/form-data": {"schema": {"$ref": "#/components/schemas/UserRequest"}},
                    },
                },
                "responses": {"201": {}},
                "security": [{"jwt": []}],
            },
        },
    },
    "components": {"schemas": {"User": USER, "UserRequest": USER_REQUEST}},
}
GET = ("paths", "/users/", "get")
POST = ("paths", "/users/", "post")
READ = ("components", "schemas", "User")
SENT = ("components", "schemas", "UserRequest")
NEW = {"type": "string"}
GONE = object()


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """Return the document with one change."""
    document = deepcopy(DOCUMENT)
    part: Any = document
    for key in path[:-1]:
        part = part[key]
    if to is GONE:
        del part[path[-1]]
    else:
        part[path[-1]] = to
    return document


def parameter(**extra: object) -> dict[str, Any]:
    return {"in": "query", "name": "search", "schema": {"type": "string"}} | extra


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (changed(*GET, to=GONE), "`GET /users/` | is gone"),
        (changed("paths", "/users/", to=GONE), "`POST /users/` | is gone"),
        (changed(*GET, "security", to=[{"jwt": []}]), "asks for a token"),
        (changed(*GET, "parameters", to=[]), "the query parameter `search` is gone"),
        (changed(*GET, "parameters", 0, to=parameter(required=True)), "`search` is required"),
        (changed(*GET, "parameters", to=[parameter(), parameter(name="x", required=True)]), "`x` is new"),
        (changed(*GET, "parameters", 0, "schema", "enum", to=["a"]), "must be one of `a`"),
        (changed(*GET, "responses", "200", to=GONE), "does not answer 200"),
        (changed(*GET, "responses", "200", "content", to={"text/csv": {}}), "does not answer 200 with"),
        (changed(*READ, "properties", "name", to=GONE), "the answer 200 has no `name`"),
        (changed(*READ, "properties", "name", "type", to="integer"), "may be `integer`"),
        (changed(*READ, "properties", "name", "nullable", to=True), "may be `null`"),
        (changed(*READ, "properties", "id", "format", to=GONE), "has the format none"),
        (changed(*READ, "properties", "role", "enum", to=["member", "owner", "x"]), "may be something else"),
        (changed(*READ, "properties", "tags", "items", "type", to="object"), "an item of `tags`"),
        (changed(*READ, "required", to=["id"]), "may lack `name`"),
        (changed(*POST, "requestBody", "required", to=True), "a body is required"),
        (changed(*POST, "requestBody", "content", "multipart/form-data", to=GONE), "is not accepted"),
        (changed(*SENT, "properties", "name", "maxLength", to=50), "has maxLength 50"),
        (changed(*SENT, "properties", "name", "minLength", to=5), "has minLength 5"),
        (changed(*SENT, "properties", "name", "pattern", to="^a"), "must match `^a`"),
        (changed(*SENT, "properties", "role", "enum", to=["owner"]), "must be one of `owner`"),
        (changed(*SENT, "properties", "name", "type", to="integer"), "may not be `string`"),
        (changed(*SENT, "properties", "role", to=GONE), "the body has no `role`"),
        (changed(*SENT, "required", to=["id", "name", "role"]), "must have `role`"),
        (changed(*READ, "properties", "name", to={"oneOf": [NEW, {"type": "null"}]}), "may be `null`"),
    ],
)
def test_breaking_change_is_reported(document: dict[str, Any], said: str) -> None:
    text, broken = report(DOCUMENT, document)
    assert broken
    assert said in text


def test_removed_input_form_and_added_output_form_are_breaking() -> None:
    one, two = {"type": "object", "properties": {"a": NEW}}, {"type": "object", "properties": {"b": NEW}}
    few = changed(*SENT, to={"oneOf": [one]})
    few["components"]["schemas"]["User"] = {"oneOf": [one]}
    many = changed(*SENT, to={"oneOf": [one, two]})
    many["components"]["schemas"]["User"] = {"oneOf": [one, two]}
    assert "the body has one form less" in report(many, few)[0]
    assert "the answer 200 has one form less" not in report(many, few)[0]
    assert "the answer 200 has one form more" in report(few, many)[0]
    assert "the body has one form more" not in report(few, many)[0]


@pytest.mark.parametrize(
    "document",
    [
        DOCUMENT,
        changed("paths", "/users/", "put", to={"responses": {"200": {}}}),
        changed(*GET, "parameters", to=[parameter(), parameter(name="page")]),
        changed(*GET, "responses", "404", to=GONE),
        changed(*GET, "responses", "409", to={}),
        changed(*POST, "security", to=[{}]),
        changed(*READ, "properties", "email", to=NEW),
        changed(*READ, "properties", "role", "enum", to=["member"]),
        changed(*READ, "required", to=["id", "name", "role"]),
        changed(*SENT, "properties", "email", to=NEW),
        changed(*SENT, "properties", "name", "maxLength", to=200),
        changed(*SENT, "properties", "role", "enum", to=["member", "owner", "guest"]),
        changed(*SENT, "properties", "name", "nullable", to=True),
        changed(*SENT, "required", to=["id"]),
    ],
)
def test_compatible_change_is_not_reported(document: dict[str, Any]) -> None:
    assert report(DOCUMENT, document) == ("No change of the API breaks its clients.\n", False)
