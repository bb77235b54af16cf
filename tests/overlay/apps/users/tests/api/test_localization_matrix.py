"""Language and time zone of users: rare requests."""

import pytest
from django.urls import reverse
from pytest_django import Settings

from apps.users.models import User
from apps.users.services.accounts import user_delete
from apps.users.tests.api.test_localization import ME, register
from conftest import Client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_german")]


def test_registration_accepts_language_and_time_zone(api: Client) -> None:
    assert register(api, "en", language="de", timezone="Europe/Vienna") == 202
    user = User.objects.get()
    assert (user.language, user.timezone) == ("de", "Europe/Vienna")


def test_profile_can_be_updated_after_removal_of_the_language(
    user_api: Client, user: User, settings: Settings
) -> None:
    User.objects.filter(pk=user.pk).update(language="de")
    settings.LANGUAGES = [("en", "English")]
    assert user_api.patch(reverse(ME), {"first_name": "Ada"}).status_code == 200


def test_account_deletion_removes_language_and_time_zone(user: User) -> None:
    user.language, user.timezone = "de", "Asia/Tokyo"
    user.save()
    user_delete(user=user)
    assert User.objects.values_list("language", "timezone").get() == ("", "")
