"""Selectors: reads that do not depend on the request."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from apps.notifications.channels import CHANNELS
from apps.notifications.models import Notification, Preference, Schedule
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


def schedule_of(*, user: User) -> Schedule:
    """Return the schedule of a user, by default an unsaved one without digest and quiet hours."""
    schedule: Schedule = getattr(user, "notification_schedule", None) or Schedule(user=user)
    return schedule


def user_locked(pk: Any) -> User | None:
    """Return an active user, locked until the end of the transaction.

    The lock waits for a concurrent deletion of the account, after which no row matches. The schedule needs
    another query: a joined one would be that from before the wait.
    """
    users: QuerySet[User] = User.objects.select_for_update(no_key=True)
    return users.filter(pk=pk, is_active=True).first()
