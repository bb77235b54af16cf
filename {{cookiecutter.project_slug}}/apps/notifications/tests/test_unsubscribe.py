"""Unsubscribe links: one click without a login (RFC 8058), and a page with a button."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.test import TestCase
from django.urls import reverse

from apps.notifications.models import Preference
from apps.notifications.selectors import preferences_of
from apps.notifications.services import notification_send, preference_set
from apps.notifications.tests.factories import DeferredNotificationFactory
from apps.notifications.tests.test_digests import run
from apps.notifications.unsubscribe import unsubscribe_url
from apps.users.services.accounts import user_delete

if TYPE_CHECKING:
    from django.core.mail import EmailMessage
    from pytest_django import Settings

    from apps.users.models import User

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def browser() -> Browser:
    """Return a client without a session that enforces CSRF protection, as for a mail provider."""
    return Browser(enforce_csrf_checks=True)


@pytest.fixture
def link(user: User) -> str:
    return unsubscribe_url(user_id=str(user.pk), channel="mail", kinds=["warning"])


def wants(user: User, kind: str = "warning", channel: str = "mail") -> bool:
    return preferences_of(user=user)[kind][channel]


def test_header_of_a_mail_unsubscribes_from_its_kind(
    user: User, browser: Browser, mailoutbox: list[EmailMessage]
) -> None:
    preference_set(user=user, kind="message", mail=True)
    with TestCase.captureOnCommitCallbacks(execute=True):
        notification_send(user=user, kind="warning", title="Paid")
    (mail,) = mailoutbox
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # Mail providers read it as one word, neither encoded nor folded.
    sent = re.sub(rb"\r?\n[ \t]", b" ", mail.message().as_bytes())
    found = re.search(rb"^List-Unsubscribe: <(https?://\S+)>\r?$", sent, re.MULTILINE)
    assert found, sent
    url = found[1].decode()
    assert url.startswith(f"{settings.API_URL}/")
    assert url in str(mail.body)
    parts = urlsplit(url)
    response = browser.post(f"{parts.path}?{parts.query}", ONE_CLICK)
    assert response.status_code == 200
    assert not wants(user)
    assert wants(user, "message")
    assert wants(user, channel="in_app")


def test_header_of_a_digest_unsubscribes_from_its_kinds(
    user: User, browser: Browser, mailoutbox: list[EmailMessage]
) -> None:
    for kind in ("message", "warning"):
        preference_set(user=user, kind=kind, mail=True)
        DeferredNotificationFactory.create(user=user, kind=kind)
    run()
    (mail,) = mailoutbox
    browser.post(mail.extra_headers["List-Unsubscribe"].strip("<>"), ONE_CLICK)
    assert not wants(user, "message")
    assert not wants(user, "warning")


def test_page_has_a_button_and_changes_nothing(user: User, browser: Browser, link: str) -> None:
    response = browser.get(link)
    assert response.status_code == 200
    assert '<form method="post">' in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert browser.head(link).status_code == 200
    assert not Preference.objects.exists()
    assert wants(user)


def test_unsubscribe_is_idempotent(user: User, browser: Browser, link: str) -> None:
    first, second = (browser.post(link, ONE_CLICK) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert not wants(user)
    assert Preference.objects.count() == 1


def test_unsubscribe_sets_no_cookie(browser: Browser, link: str) -> None:
    assert not browser.post(link, ONE_CLICK).cookies


def test_response_does_not_depend_on_the_account(user: User, browser: Browser, link: str) -> None:
    expected = [getattr(browser, method)(link).content for method in ("get", "post")]
    user_delete(user=user)
    assert [getattr(browser, method)(link).content for method in ("get", "post")] == expected
    assert not Preference.objects.exists()


@pytest.mark.parametrize("change", [str.upper, lambda token: token[:-1], lambda _: "", lambda _: "a:b\0"])
def test_changed_token_is_rejected(user: User, browser: Browser, link: str, change: object) -> None:
    assert callable(change)
    base, _, token = link.partition("?token=")
    for method in ("get", "post"):
        response = getattr(browser, method)(base, query_params={"token": change(token)})
        assert response.status_code == 400
        assert b"<form" not in response.content
    assert wants(user)


def test_token_of_another_purpose_is_rejected(browser: Browser) -> None:
    from django.core.signing import dumps  # noqa: PLC0415 - only here

    response = browser.post(reverse("unsubscribe"), query_params={"token": dumps(["x", "mail", ["warning"]])})
    assert response.status_code == 400


def test_removed_kind_and_channel_are_ignored(user: User, browser: Browser) -> None:
    for channel, kinds in (("mail", ["gossip", "warning"]), ("fax", ["warning"])):
        link = unsubscribe_url(user_id=str(user.pk), channel=channel, kinds=kinds)
        assert browser.post(link, ONE_CLICK).status_code == 200
    assert [row.kind for row in Preference.objects.all()] == ["warning"]


def test_unsubscribe_is_limited_by_account_or_client(
    user: User, browser: Browser, link: str, settings: Settings
) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"unsubscribe": "2/minute"}
    invalid = reverse("unsubscribe")
    for url, status in ((link, 200), (invalid, 400)):
        assert [browser.get(url).status_code for _ in range(3)] == [status, status, 429]
    response = browser.post(link)
    assert response.status_code == 429
    assert int(response["Retry-After"]) <= 60
    # Mail providers send the requests of many users from one IP address.
    other = unsubscribe_url(
        user_id=str(DeferredNotificationFactory.create().user_id), channel="mail", kinds=[]
    )
    assert browser.post(other).status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/json", "image/png", ""])
def test_page_does_not_depend_on_the_accept_header(browser: Browser, link: str, accept: str) -> None:
    response = browser.get(link, headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_other_methods_are_not_allowed(browser: Browser, link: str) -> None:
    assert browser.put(link).status_code == 405
