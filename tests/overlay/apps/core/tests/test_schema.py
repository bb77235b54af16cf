"""OpenAPI document: language, formats and caching."""

import json

import pytest
import yaml
from django.urls import reverse

from conftest import LANGUAGE, Client


def test_document_follows_the_language_of_the_request(api: Client) -> None:
    by_header = api.get(reverse("schema"), HTTP_ACCEPT_LANGUAGE=LANGUAGE)
    by_query = api.get(reverse("schema"), {"lang": LANGUAGE})
    assert by_header.content == by_query.content
    assert by_header["Content-Language"] == by_query["Content-Language"] == LANGUAGE
    assert "Accept-Language" in by_header["Vary"]


def test_document_is_the_same_in_yaml_and_json(api: Client) -> None:
    in_yaml, in_json = api.get(reverse("schema")), api.get(reverse("schema"), {"format": "json"})
    assert in_yaml["Content-Type"] == "application/vnd.oai.openapi; charset=utf-8"
    assert in_json["Content-Type"] == "application/vnd.oai.openapi+json"
    assert yaml.safe_load(in_yaml.content) == json.loads(in_json.content)


@pytest.mark.parametrize("name", ["schema", "docs", "redoc"])
def test_documentation_responds_with_304_when_unchanged(api: Client, name: str) -> None:
    first = api.get(reverse(name))
    second = api.get(reverse(name), HTTP_IF_NONE_MATCH=first["ETag"])
    assert second.status_code == 304
    assert second.content == b""
