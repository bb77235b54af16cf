"""Breaking API changes that `tools/openapi_diff.py` of a generated project reports."""

from __future__ import annotations

import runpy
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from baking import ROOT, TREE

if TYPE_CHECKING:
    from collections.abc import Callable

# Not imported: Python would leave a cache in the template tree.
report: Callable[..., tuple[str, bool]] = runpy.run_path(str(ROOT / TREE / "tools" / "openapi_diff.py"))["report"]

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
    ("document", "change"),
    [
        (changed(*GET, to=GONE), "`GET /users/` | operation removed"),
        (changed("paths", "/users/", to=GONE), "`POST /users/` | operation removed"),
        (changed(*GET, "security", to=[{"jwt": []}]), "authentication now required"),
        (changed(*GET, "parameters", to=[]), "query parameter `search` removed"),
        (changed(*GET, "parameters", 0, to=parameter(required=True)), "query parameter `search` now required"),
        (
            changed(*GET, "parameters", to=[parameter(), parameter(name="x", required=True)]),
            "query parameter `x` added, and required",
        ),
        (changed(*GET, "parameters", 0, "schema", "enum", to=["a"]), "query parameter `search`: only `a` accepted"),
        (changed(*GET, "responses", "200", to=GONE), "response 200 removed"),
        (
            changed(*GET, "responses", "200", "content", to={"text/csv": {}}),
            "response 200: content type `application/json` removed",
        ),
        (changed(*READ, "properties", "name", to=GONE), "response 200, `name` removed"),
        (changed(*READ, "properties", "name", "type", to="integer"), "response 200, `name`: type `integer` added"),
        (changed(*READ, "properties", "name", "nullable", to=True), "`name`: type `null` added"),
        (changed(*READ, "properties", "id", "format", to=GONE), "`id`: format changed from `uuid` to `none`"),
        (
            changed(*READ, "properties", "role", "enum", to=["member", "owner", "x"]),
            "response 200, `role`: values other than `member`, `owner` added",
        ),
        (changed(*READ, "properties", "tags", "items", "type", to="object"), "`tags`, items: type `object` added"),
        (changed(*READ, "required", to=["id"]), "response 200, `name` now optional"),
        (changed(*POST, "requestBody", "required", to=True), "request body now required"),
        (
            changed(*POST, "requestBody", "content", "multipart/form-data", to=GONE),
            "request body: content type `multipart/form-data` removed",
        ),
        (changed(*SENT, "properties", "name", "maxLength", to=50), "`maxLength` changed from `100` to `50`"),
        (changed(*SENT, "properties", "name", "minLength", to=5), "`minLength` changed from `none` to `5`"),
        (changed(*SENT, "properties", "name", "pattern", to="^a"), "request body, `name`: pattern changed to `^a`"),
        (changed(*SENT, "properties", "role", "enum", to=["owner"]), "request body, `role`: only `owner` accepted"),
        (changed(*SENT, "properties", "name", "type", to="integer"), "`name`: type `string` no longer accepted"),
        (changed(*SENT, "properties", "role", to=GONE), "request body, `role` removed"),
        (changed(*SENT, "required", to=["id", "name", "role"]), "request body, `role` now required"),
        (changed(*READ, "properties", "name", to={"oneOf": [NEW, {"type": "null"}]}), "`name`: type `null` added"),
    ],
)
def test_breaking_change_is_reported(document: dict[str, Any], change: str) -> None:
    text, broken = report(DOCUMENT, document)
    assert broken
    assert change in text


def test_removed_input_alternative_and_added_output_alternative_are_breaking() -> None:
    one, two = {"type": "object", "properties": {"a": NEW}}, {"type": "object", "properties": {"b": NEW}}
    few = changed(*SENT, to={"oneOf": [one]})
    few["components"]["schemas"]["User"] = {"oneOf": [one]}
    many = changed(*SENT, to={"oneOf": [one, two]})
    many["components"]["schemas"]["User"] = {"oneOf": [one, two]}
    less, more = report(many, few)[0], report(few, many)[0]
    assert "request body: alternative schema removed" in less
    assert "response 200" not in less
    assert "response 200: alternative schema added" in more
    assert "request body" not in more


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
    assert report(DOCUMENT, document) == ("No breaking changes of the API.\n", False)
