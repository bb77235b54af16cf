"""Reads. They know no request and return querysets or values."""

from django.conf import settings
from django.db.models import QuerySet

from apps.notifications.models import Channel, Notification, Preference
from apps.users.models import User


def notification_list(*, user: User) -> QuerySet[Notification]:
    """What one user was told."""
    return Notification.objects.filter(user=user)


def unread_count(*, user: User) -> int:
    return notification_list(user=user).filter(read_at=None).count()


def preferences_of(*, user: User) -> dict[str, dict[str, bool]]:
    """For each kind, which channels a user wants: what was chosen, else what the settings say."""
    wanted = {
        kind: {channel: channel in defaults for channel in Channel.values}
        for kind, defaults in settings.NOTIFICATION_KINDS.items()
    }
    # A kind or channel that is no more may have rows still.
    chosen = Preference.objects.filter(user=user, kind__in=wanted, channel__in=Channel.values)
    for kind, channel, answer in chosen.values_list("kind", "channel", "wanted"):
        wanted[kind][channel] = answer
    return wanted
