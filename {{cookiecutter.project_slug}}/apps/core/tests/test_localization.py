from datetime import UTC, datetime

from django.utils import timezone, translation
from pytest_django import Settings

from apps.core.localization import localized

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
