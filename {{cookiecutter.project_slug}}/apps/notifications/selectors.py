"""Selectors: reads that do not depend on the request."""

from django.conf import settings
from django.db.models import QuerySet

from apps.notifications.channels import CHANNELS
from apps.notifications.models import Notification, Preference
from apps.users.models import User


def notification_list(*, user: User) -> QuerySet[Notification]:
    """Return the notifications of a user."""
    return Notification.objects.filter(user=user)


def unread_count(*, user: User) -> int:
    return notification_list(user=user).filter(read_at=None).count()


def preferences_of(*, user: User) -> dict[str, dict[str, bool]]:
    """Return the channels of each kind: the choice of the user, else the default of the settings."""
    wanted = {
        kind: {channel: channel in defaults for channel in CHANNELS}
        for kind, defaults in settings.NOTIFICATION_KINDS.items()
    }
    # Rows may refer to kinds or channels that were removed since.
    chosen = Preference.objects.filter(user=user, kind__in=wanted, channel__in=CHANNELS)
    for kind, channel, answer in chosen.values_list("kind", "channel", "wanted"):
        wanted[kind][channel] = answer
    return wanted
