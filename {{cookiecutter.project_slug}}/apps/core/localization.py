"""Language and time zone of a user; empty values mean the active language and the project's time zone."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

# Reads the folder of the zones: once per process.
time_zones = cache(available_timezones)


def language_choices() -> list[tuple[str, Any]]:
    """Return the languages of the project; as a list, each change would need a migration."""
    return list(settings.LANGUAGES)


def validate_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(_("Unknown time zone."), code="invalid_choice")


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name; that of the project if the name is empty or no longer exists."""
    try:
        return ZoneInfo(name) if name else timezone.get_default_timezone()
    except ZoneInfoNotFoundError:
        return timezone.get_default_timezone()


@contextmanager
def localized(language: str, time_zone: str) -> Iterator[None]:
    """Activate a language and a time zone."""
    with translation.override(language or translation.get_language()), timezone.override(zone_of(time_zone)):
        yield
