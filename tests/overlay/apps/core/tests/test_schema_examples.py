"""Generated examples of the OpenAPI document, and concurrent generation."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from unittest.mock import patch

import pytest
from django.test import RequestFactory
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from apps.core.api import schema
from apps.core.api.openapi import example_of
from conftest import Client

DOCUMENT = schema.SchemaView.as_view(api_version="v1", throttle_classes=[])


@pytest.fixture
def _empty_cache() -> None:
    schema.render_document.cache_clear()


@pytest.mark.usefixtures("_empty_cache")
def test_document_is_built_once_for_concurrent_requests() -> None:
    start = Barrier(20)

    def request() -> bytes:
        start.wait()
        response = DOCUMENT(RequestFactory().get("/"))
        assert response.status_code == 200
        content: bytes = response.content
        return content

    with (
        patch.object(
            SchemaGenerator, "get_schema", autospec=True, side_effect=SchemaGenerator.get_schema
        ) as build,
        ThreadPoolExecutor(20) as threads,
    ):
        contents = [future.result() for future in [threads.submit(request) for _ in range(20)]]
    assert build.call_count == 1
    assert len(set(contents)) == 1


@pytest.mark.usefixtures("_empty_cache")
@pytest.mark.parametrize("lang", ["xx", "e" * 600, "de\0", "../de", ""])
def test_document_is_not_built_for_unknown_language(api: Client, lang: str) -> None:
    default = api.get(reverse("schema"))
    response = api.get(reverse("schema"), {"lang": lang})
    assert response.content == default.content
    assert schema.render_document.cache_info().currsize == 1


SCHEMAS = {
    "Color": {"type": "string", "enum": ["red", "green"]},
    "Folder": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "parent": {"$ref": "#/components/schemas/Folder"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Folder"}},
        },
        "required": ["name", "children"],
    },
}


@pytest.mark.parametrize(
    ("name", "part", "example"),
    [
        ("title", {"type": "string", "example": "The Hobbit"}, "The Hobbit"),
        ("page", {"type": "integer", "default": 7}, 7),
        ("color", {"$ref": "#/components/schemas/Color"}, "red"),
        ("color", {"allOf": [{"$ref": "#/components/schemas/Color"}], "readOnly": True}, "red"),
        ("color", {"oneOf": [{"$ref": "#/components/schemas/Color"}, {"type": "null"}]}, "red"),
        ("reply_to", {"type": ["string", "null"], "format": "email"}, "ada@example.com"),
        ("new_password", {"type": "string"}, "New password"),
        ("page_slug", {"type": "string", "pattern": "^[-a-z_]+$"}, "page_slug"),
        ("code", {"type": "string", "maxLength": 2}, "Co"),
        ("code", {"type": "string", "minLength": 6}, "Codexx"),
        ("rows", {"type": "integer", "minimum": 5, "maximum": 9}, 5),
        ("share", {"type": "number", "maximum": 0}, 0),
        ("is_open", {"type": "boolean"}, True),
        ("tags", {"type": "array", "items": {"type": "string"}}, ["Tags"]),
        ("folder", {"$ref": "#/components/schemas/Folder"}, {"name": "Name", "children": []}),
        ("data", {"type": "object", "additionalProperties": {}}, {}),
    ],
)
def test_example_fits_its_schema(name: str, part: dict[str, object], example: object) -> None:
    assert example_of(part, SCHEMAS, name) == example
