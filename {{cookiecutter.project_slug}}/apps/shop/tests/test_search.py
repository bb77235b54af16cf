"""Products in the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from apps.shop.tests.factories import CategoryFactory, ProductFactory

if TYPE_CHECKING:
    from pytest_django import DjangoCaptureOnCommitCallbacks

    from conftest import Client

pytestmark = pytest.mark.django_db


def found(api: Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.get(reverse("v1:search:search"), {"q": "kettles"}).json()["results"]
    return rows


def test_only_products_for_sale_are_found(
    api: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        category = CategoryFactory.create(name="Kitchen")
        product = ProductFactory.create(name="Mug", description="For kettles", category=category)
        ProductFactory.create(name="Kettles", is_active=False)
    (row,) = found(api)
    assert (row["id"], row["url"]) == (str(product.pk), "/products/mug")

    product.is_active = False
    with django_capture_on_commit_callbacks(execute=True):
        product.save()
    assert found(api) == []
