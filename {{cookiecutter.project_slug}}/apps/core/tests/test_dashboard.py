from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from apps.users.tests.factories import RefreshSessionFactory, StaffFactory, SuperuserFactory, UserFactory
from apps.users.tests.helpers import browser_of

pytestmark = pytest.mark.django_db


def numbers_of(browser: Browser) -> dict[str, dict[str, str]]:
    """Return the numbers of the index page, by their labels."""
    cache.clear()
    return {number["label"]: number for number in browser.get(reverse("admin:index")).context["numbers"]}


@pytest.fixture
def browser() -> Browser:
    return browser_of(SuperuserFactory.create())


def test_dashboard_links_number_to_the_list_of_its_rows(browser: Browser) -> None:
    user = UserFactory.create(created_at=timezone.now() - timedelta(days=8))
    RefreshSessionFactory.create_batch(2, user=user)
    RefreshSessionFactory.create(user=user, expires_at=timezone.now())
    RefreshSessionFactory.create(user=user, revoked_at=timezone.now())
    numbers = numbers_of(browser)
    assert numbers["New users this week"]["count"] == "1"
    assert numbers["Active sessions"]["count"] == "2"
    for number in numbers.values():
        assert browser.get(number["url"]).context["cl"].result_count == int(number["count"])


def test_dashboard_shows_only_numbers_of_models_that_the_user_may_view() -> None:
    browser = browser_of(StaffFactory.create())
    assert numbers_of(browser) == {}
