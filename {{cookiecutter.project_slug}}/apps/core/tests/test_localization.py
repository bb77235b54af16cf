from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from pytest_django import Settings

from apps.core.localization import localized, validate_time_zone, zone_of

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_localized_activates_language_and_time_zone() -> None:
    with localized("de", "Asia/Tokyo"):
        assert translation.get_language() == "de"
        assert timezone.localtime(NOON).hour == 21
    assert translation.get_language() != "de"
    assert timezone.get_current_timezone() == timezone.get_default_timezone()


def test_localized_keeps_active_language_without_a_choice(settings: Settings) -> None:
    settings.TIME_ZONE = "America/New_York"
    # The zone of an admin who causes an email is not that of its recipient.
    with translation.override("de"), timezone.override("Asia/Tokyo"), localized("", ""):
        assert translation.get_language() == "de"
        assert timezone.localtime(NOON).hour == 7


@pytest.mark.parametrize(
    "name", ["Berlin", "europe/berlin", "Europe", "../etc/passwd", "/etc/localtime", "a\0b"]
)
def test_unknown_time_zone_is_rejected(name: str) -> None:
    validate_time_zone("Europe/Berlin")
    with pytest.raises(ValidationError):
        validate_time_zone(name)


def test_removed_time_zone_falls_back_to_that_of_the_project() -> None:
    assert zone_of("US/Pacific-New") == timezone.get_default_timezone()
