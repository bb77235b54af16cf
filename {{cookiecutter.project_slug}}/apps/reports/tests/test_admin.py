"""Admin of events, and its page of charts."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.reports.registry import Report
from apps.reports.tests.factories import EventFactory
from apps.users.models import User
from apps.users.tests.helpers import browser_of

pytestmark = pytest.mark.django_db

LIST = "admin:reports_event_changelist"


@pytest.fixture
def browser(clerk: Callable[..., User]) -> Browser:
    return browser_of(clerk("view_event"))


def test_charts_are_linked_from_the_list(browser: Browser) -> None:
    assert f'href="{reverse("admin:reports_charts")}"' in browser.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize(("period", "count"), [("day", 30), ("week", 12), ("month", 12), ("other", 30)])
def test_charts_have_a_bar_and_a_table_row_for_each_period(
    browser: Browser, views: Report, period: str, count: int
) -> None:
    EventFactory.create_batch(4)
    page = browser.get(reverse("admin:reports_charts"), {"period": period}).content.decode()
    module = page[page.index("<h2>Views</h2>") :]
    chart = module[module.index("<svg") : module.index("</svg>")]
    assert 'role="img" aria-label="Views, All: 4"' in chart
    heights = [int(height) for height in re.findall(r'width="10" height="(\d+)"', chart)]
    assert heights == [0] * (count - 1) + [100]
    assert module[: module.index("</table>")].count('<th scope="row">') == count


def test_charts_need_neither_inline_scripts_and_styles_nor_other_hosts(
    browser: Browser, views: Report
) -> None:
    page = browser.get(reverse("admin:reports_charts")).content.decode()
    # Without the parts of the theme.
    content = page[page.index('<div id="content-main">') : page.rindex("</table>")]
    assert "<script" not in content
    assert re.findall(r"\son\w+=|style=|(?:href|src)=.https?:", content) == []


def test_charts_show_only_reports_on_models_that_the_user_may_view(
    browser: Browser, clerk: Callable[..., User]
) -> None:
    page = browser.get(reverse("admin:reports_charts")).content.decode()
    assert "<h2>Logins</h2>" in page
    assert "<h2>Registrations</h2>" not in page
    assert browser_of(clerk("view_user")).get(reverse("admin:reports_charts")).status_code == 403


def test_list_is_filtered_by_name(browser: Browser) -> None:
    EventFactory.create()
    EventFactory.create(name="order")
    page = browser.get(reverse(LIST), {"name": "order"})
    assert [event.name for event in page.context["cl"].result_list] == ["order"]
