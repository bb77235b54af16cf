"""Services: send, read and delete notifications, set preferences."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.notifications.channels import CHANNELS
from apps.notifications.models import Notification, Preference, validate_kind
from apps.notifications.selectors import notification_list, preferences_of
from apps.users.models import User

if TYPE_CHECKING:
    from collections.abc import Mapping

# Retention period after reading.
KEPT = timedelta(days=90)


@transaction.atomic
def notification_send(
    *, user: User, kind: str, title: str, body: str = "", data: Mapping[str, Any] | None = None
) -> Notification | None:
    """Add a notification to the list of a user, and send it through other enabled channels after commit.

    Args:
        user: the recipient.
        kind: one of `NOTIFICATION_KINDS`.
        title: a single line, in the language of the user.
        body: the text.
        data: JSON-serializable context for clients.

    Returns:
        The stored notification; None if the in-app channel is disabled or the account is not active.

    Raises:
        ValidationError: unknown kind, empty or too long title, or data that is not JSON-serializable.
    """
    notification = Notification(user=user, kind=kind, title=title, body=body, data=dict(data or {}))
    notification.full_clean(exclude=["user"])
    # The lock waits for a concurrent account deletion, after which no row matches.
    reader = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first()
    if reader is None:
        return None
    notification.user = reader
    enabled = preferences_of(user=reader)[kind]
    for channel, deliver in CHANNELS.items():
        if enabled[channel]:
            deliver(notification)
    return notification if notification.is_stored else None


def notification_read(*, notification: Notification) -> Notification:
    """Mark a notification as read; the first time is kept."""
    _read(user=notification.user_id, pk=notification.pk)
    notification.refresh_from_db()
    return notification


def notification_read_all(*, user: User) -> int:
    """Mark all notifications of a user as read and return their number."""
    return _read(user=user)


@transaction.atomic
def preference_set(*, user: User, kind: str, **wanted: bool) -> dict[str, bool]:
    """Enable or disable channels of a kind.

    Args:
        user: the owner of the preference.
        kind: one of `NOTIFICATION_KINDS`.
        wanted: values by channel name; omitted channels keep their value.

    Returns:
        The resulting channels of that kind.

    Raises:
        ValidationError: the kind is unknown.
        ValueError: a channel is unknown.
    """
    if unknown := sorted(wanted.keys() - CHANNELS.keys()):
        raise ValueError(f"Unknown channels: {', '.join(unknown)}")
    try:
        validate_kind(kind)
    except ValidationError as error:
        raise ValidationError({"kind": error.error_list}) from error
    now = timezone.now()
    rows = [
        Preference(user=user, kind=kind, channel=channel, wanted=answer, updated_at=now)
        for channel, answer in wanted.items()
    ]
    # An upsert, so that concurrent requests do not conflict: the last one wins.
    Preference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "kind", "channel"],
        update_fields=["wanted", "updated_at"],
    )
    return preferences_of(user=user)[kind]


@transaction.atomic
def notifications_delete(*, user: User) -> None:
    """Delete the notifications and preferences of a user."""
    notification_list(user=user).delete()
    Preference.objects.filter(user=user).delete()


def notification_purge(*, dry_run: bool = False) -> int:
    """Delete notifications whose retention period has passed and return their number."""
    old = Notification.objects.filter(read_at__lt=timezone.now() - KEPT)
    return old.count() if dry_run else old.delete()[0]


def _read(**which: Any) -> int:
    now = timezone.now()
    return Notification.objects.filter(**which, read_at=None).update(read_at=now, updated_at=now)
