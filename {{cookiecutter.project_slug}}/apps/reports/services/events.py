"""Track and purge events."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.reports.models import Event

MAX_TEXT = 100
# Larger integers are not exact in JavaScript.
MAX_NUMBER = 2**53 - 1


def event_track(event: str, /, **properties: str | int) -> Event:
    """Store an event, as part of the current transaction.

    Args:
        event: a key of `REPORT_EVENTS`.
        properties: values for some of its properties: texts of at most `MAX_TEXT` printable characters,
            integers and booleans. Pass no personal data.

    Raises:
        ValidationError: unknown event or property, or a value that is not allowed.
    """
    if event not in settings.REPORT_EVENTS:
        raise ValidationError({"name": ValidationError(_("Unknown event."), code="unknown_event")})
    for name, value in properties.items():
        if name not in settings.REPORT_EVENTS[event]:
            raise ValidationError({"properties": ValidationError(_("Unknown property."), code="unknown")})
        if not _is_allowed(value):
            message = _("Values are texts of at most %(max)d printable characters, integers or booleans.")
            error = ValidationError(message, code="invalid_value", params={"max": MAX_TEXT})
            raise ValidationError({"properties": error})
    return Event.objects.create(name=event, properties=properties)


def event_purge(*, dry_run: bool = False) -> int:
    """Delete events whose retention period has passed, and return their number."""
    kept = timedelta(days=settings.REPORT_EVENT_DAYS)
    old = Event.objects.filter(created_at__lt=timezone.now() - kept)
    return old.count() if dry_run else old.delete()[0]


def _is_allowed(value: object) -> bool:
    if isinstance(value, str):
        # PostgreSQL stores neither the character NUL nor half a surrogate pair in JSON.
        return len(value) <= MAX_TEXT and value.isprintable()
    return isinstance(value, int) and abs(value) <= MAX_NUMBER
