"""Body limit: forms, languages and CORS."""

import pytest
from django.test import Client as DjangoClient
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from conftest import LANGUAGE
from infrastructure.tests.test_body_limit import LOG_IN


@pytest.mark.django_db
@pytest.mark.usefixtures("_german")
def test_body_limit_response_is_translated_problem_with_cors_headers(client: DjangoClient) -> None:
    headers = {"accept-language": LANGUAGE, "origin": "https://app.example.com"}
    response = client.generic("POST", reverse(LOG_IN), headers=headers, CONTENT_LENGTH="9" * 12)

    assert response.status_code == 413
    assert response["Content-Type"] == "application/problem+json"
    assert response["Content-Language"] == LANGUAGE
    with override(LANGUAGE):
        assert response.json()["detail"] == _("The body of the request is too large.")
    # Required by browsers to let the page read the response.
    assert response["Access-Control-Allow-Origin"] == "https://app.example.com"


def test_large_form_is_rejected_for_route_without_form_parser(client: DjangoClient) -> None:
    response = client.generic(
        "POST", reverse(LOG_IN), content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="10000000"
    )
    assert response.status_code == 413
