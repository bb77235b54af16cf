"""Request body limits."""

import pytest
from django.test import Client as DjangoClient
from django.urls import reverse
from pytest_django import Settings

LOG_IN = "v1:auth:token"


@pytest.mark.django_db
def test_json_body_above_limit_is_rejected(client: DjangoClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    statuses = [
        client.post(reverse(LOG_IN), f'"{"x" * (length - 2)}"', content_type="application/json").status_code
        for length in (100, 101)
    ]

    assert statuses == [400, 413]


@pytest.mark.django_db
def test_chunked_body_is_rejected(client: DjangoClient) -> None:
    response = client.generic("POST", reverse(LOG_IN), headers={"transfer-encoding": "chunked"})

    assert (response.status_code, response.json()["type"]) == (411, "urn:problem:length_required")
