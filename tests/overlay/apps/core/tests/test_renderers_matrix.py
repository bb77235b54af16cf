"""Browsable API: forms and root page."""

import pytest
from django.urls import reverse
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from apps.core.api.renderers import BrowsableAPIRenderer
from apps.core.tests.test_renderers import HTML
from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _browsable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable the browsable API, as in development."""
    monkeypatch.setattr(APIView, "renderer_classes", [JSONRenderer, BrowsableAPIRenderer])


def test_forms_have_the_input_fields_of_the_method(user_api: Client) -> None:
    page = user_api.get(reverse("v1:users:me"), headers={"accept": HTML}).content.decode()
    assert "&quot;first_name&quot;" in page
    page = user_api.get(reverse("v1:users:avatar"), headers={"accept": HTML}).content.decode()
    assert 'type="file"' in page
    assert 'name="avatar"' in page


def test_root_page_has_links(api: Client) -> None:
    page = api.get(reverse("v1:root"), headers={"accept": HTML})
    assert page.status_code == 200
    assert f'href="http://testserver{reverse("v1:users:me")}"' in page.content.decode()
