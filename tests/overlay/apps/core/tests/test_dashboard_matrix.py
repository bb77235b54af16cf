"""Dashboard of the admin: limit of counts, and cache."""

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.core.templatetags import dashboard
from apps.core.tests.test_dashboard import numbers_of
from apps.users.tests.factories import SuperuserFactory, UserFactory
from apps.users.tests.helpers import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Browser:
    return browser_of(SuperuserFactory.create())


def test_dashboard_counts_up_to_the_limit(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "LIMIT", 2)
    UserFactory.create_batch(3)
    assert numbers_of(browser)["New users this week"]["count"] == "2+"


def test_dashboard_is_cached(browser: Browser) -> None:
    before = numbers_of(browser)["New users this week"]
    UserFactory.create()
    assert before in browser.get(reverse("admin:index")).context["numbers"]
