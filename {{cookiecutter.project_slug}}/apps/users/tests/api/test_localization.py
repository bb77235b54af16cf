"""Language and time zone of users: registration, profile, emails."""

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.helpers import fields_of
from conftest import Client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_german")]

ME = "v1:users:me"


def register(api: Client, header: str, **fields: str) -> int:
    body = {"email": "ada@example.com", "password": PASSWORD, **fields}
    return api.post(reverse("v1:auth:register"), body, headers={"Accept-Language": header}).status_code


@pytest.mark.parametrize(("header", "language"), [("de-AT, en;q=0.5", "de"), ("xx", "en")])
def test_registration_stores_language_of_the_request(api: Client, header: str, language: str) -> None:
    assert register(api, header) == 202
    assert User.objects.get().language == language


def test_profile_has_language_and_time_zone(user_api: Client, user: User) -> None:
    assert user_api.get(reverse(ME)).json()["language"] == ""
    response = user_api.patch(reverse(ME), {"language": "de", "timezone": "Asia/Tokyo"})
    assert (response.json()["language"], response.json()["timezone"]) == ("de", "Asia/Tokyo")
    user.refresh_from_db()
    assert (user.language, user.timezone) == ("de", "Asia/Tokyo")


@pytest.mark.parametrize(("field", "value"), [("language", "fr"), ("timezone", "Europe/Atlantis")])
def test_profile_rejects_unknown_value(user_api: Client, field: str, value: str) -> None:
    assert fields_of(user_api.patch(reverse(ME), {field: value})) == {(field, "invalid_choice")}


def test_mail_is_in_the_language_of_its_recipient(
    api: Client, user: User, mailoutbox: list[EmailMessage]
) -> None:
    url = reverse("v1:auth:password-reset")
    User.objects.filter(pk=user.pk).update(language="de")
    api.post(url, {"email": user.email}, headers={"Accept-Language": "en"})
    api.post(url, {"email": UserFactory.create().email}, headers={"Accept-Language": "en"})
    languages = [str(mail.alternatives[0][0]).partition('lang="')[2][:2] for mail in mailoutbox]  # type: ignore[attr-defined]
    assert languages == ["de", "en"]
