"""Services: send, read and delete notifications, set preferences and the schedule."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.core.exceptions import NotFoundError
from apps.notifications.channels import CHANNELS, DIGESTS
from apps.notifications.models import (
    DeferredNotification,
    Digest,
    Notification,
    Preference,
    Schedule,
    validate_kind,
)
from apps.notifications.schedule import delivery_time
from apps.notifications.selectors import preferences_of, schedule_of, user_locked
from apps.users.exceptions import InvalidToken
from apps.users.models import User

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.utils.functional import Promise

    from apps.notifications.unsubscribe import Subscription

# Retention period of notifications after reading, and of digests.
KEPT = timedelta(days=90)


@transaction.atomic
def notification_send(
    *, user: User, kind: str, title: str | Promise, body: str = "", data: Mapping[str, Any] | None = None
) -> Notification | None:
    """Add a notification to the list of a user, and send it through other enabled channels after commit.

    The channels in `DIGESTS` send it according to the schedule of the user, unless the kind is urgent.

    Args:
        user: the recipient.
        kind: one of `NOTIFICATION_KINDS`.
        title: a single line; a lazy translation is stored in the language of the user.
        body: the text.
        data: JSON-serializable context for clients.

    Returns:
        The stored notification; None if the in-app channel is disabled or the account is not active.

    Raises:
        ValidationError: unknown kind, empty or too long title, or data that is not JSON-serializable.
    """
    with user.localized():
        title = str(title)
    notification = Notification(user=user, kind=kind, title=title, body=body, data=dict(data or {}))
    notification.full_clean(exclude=["user"])
    reader = user_locked(user.pk)
    if reader is None:
        return None
    notification.user = reader
    enabled = preferences_of(user=reader)[kind]
    due_at = delivery_time(schedule_of(user=reader), notification.created_at)
    waits = due_at > notification.created_at and kind not in settings.NOTIFICATION_URGENT_KINDS
    for channel, deliver in CHANNELS.items():
        if enabled[channel] and waits and channel in DIGESTS:
            _defer(notification, channel, due_at)
        elif enabled[channel]:
            deliver(notification)
    return notification if notification.is_stored else None


def notification_read(*, notification: Notification) -> Notification:
    """Mark a notification as read; the first time is kept.

    Raises:
        NotFoundError: it was deleted concurrently.
    """
    _read(user=notification.user_id, pk=notification.pk)
    current = Notification.objects.filter(pk=notification.pk).first()
    if current is None:
        raise NotFoundError
    return current


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
        InvalidToken: the account was deleted concurrently.
    """
    if unknown := sorted(wanted.keys() - CHANNELS.keys()):
        raise ValueError(f"Unknown channels: {', '.join(unknown)}")
    try:
        validate_kind(kind)
    except ValidationError as error:
        raise ValidationError({"kind": error.error_list}) from error
    # The lock waits for a concurrent deletion of the account, which would leave the rows behind.
    if not _undeleted(user.pk):
        raise InvalidToken
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
def unsubscribe(subscription: Subscription) -> None:
    """Disable the channel of an unsubscribe link for its kinds. This is idempotent."""
    user = _undeleted(subscription.user_id)
    # The account, the channel or a kind may have been removed since.
    if user and subscription.channel in CHANNELS:
        for kind in settings.NOTIFICATION_KINDS.keys() & subscription.kinds:
            preference_set(user=user, kind=kind, **{subscription.channel: False})


@transaction.atomic
def schedule_set(*, user: User, **values: Any) -> Schedule:
    """Change `digest`, `quiet_from` and `quiet_until`; notifications that wait follow the new schedule.

    Raises:
        ValidationError: a value is not valid, or only one of the quiet hours is set.
        InvalidToken: the account was deleted concurrently.
    """
    owner = user_locked(user.pk)
    if owner is None:
        raise InvalidToken
    schedule = schedule_of(user=owner)
    for name, value in values.items():
        setattr(schedule, name, value)
    schedule.full_clean()
    schedule.save()
    now = timezone.now()
    # Without those that are due: repeated changes must not postpone them.
    waiting = DeferredNotification.objects.filter(user=owner, digest=None, due_at__gt=now)
    waiting.update(due_at=delivery_time(schedule, now))
    return schedule


@transaction.atomic
def notifications_delete(*, user: User) -> None:
    """Delete the notifications, digests, preferences and the schedule of a user."""
    for model in (DeferredNotification, Digest, Notification, Preference, Schedule):
        model._default_manager.filter(user=user).delete()  # noqa: SLF001 - documented


def notification_purge(*, dry_run: bool = False) -> int:
    """Delete notifications and digests whose retention period has passed and return their number.

    This includes deferred notifications that no digest took, such as those of a removed channel.
    """
    until = timezone.now() - KEPT
    expired = (
        Notification.objects.filter(read_at__lt=until),
        Digest.objects.filter(created_at__lt=until),
        DeferredNotification.objects.filter(due_at__lt=until, digest=None),
    )
    count = sum(rows.count() for rows in expired)
    if not dry_run:
        for rows in expired:
            rows.delete()
    return count


def _undeleted(pk: Any) -> User | None:
    """Return a user, also an inactive one, locked until the end of the transaction."""
    user: User | None = User.objects.select_for_update(no_key=True).filter(pk=pk, deleted_at=None).first()
    return user


def _defer(notification: Notification, channel: str, due_at: datetime) -> None:
    DeferredNotification.objects.create(
        user=notification.user,
        notification=notification if notification.is_stored else None,
        channel=channel,
        kind=notification.kind,
        title=notification.title,
        body=notification.body,
        created_at=notification.created_at,
        due_at=due_at,
    )


def _read(**which: Any) -> int:
    now = timezone.now()
    return Notification.objects.filter(**which, read_at=None).update(read_at=now, updated_at=now)
