"""Writes: notifications, and how users want them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.core.mail import BUILDERS, Mail, mail_queue
from apps.notifications.models import Channel, Notification, Preference, validate_kind
from apps.notifications.selectors import notification_list, preferences_of
from apps.realtime.services import event_send
from apps.users.models import User

if TYPE_CHECKING:
    from collections.abc import Mapping

# How long notifications stay after they were read.
KEPT = timedelta(days=90)
MAIL = "notifications/mail/notification"


@transaction.atomic
def notification_send(
    *, user: User, kind: str, title: str, body: str = "", data: Mapping[str, Any] | None = None
) -> Notification | None:
    """Tell a user something through the channels that they want; mail and sockets follow the commit.

    Args:
        user: whom.
        kind: one of `NOTIFICATION_KINDS`.
        title: one line, in the language of the user.
        body: more of it.
        data: for programs, of what JSON knows.

    Returns:
        What the user can look up; None if they do not want that, or the account has ended.

    Raises:
        ValidationError: there is no such kind, no title, or too long a one, or data that JSON does not know.
    """
    notification = Notification(user=user, kind=kind, title=title, body=body, data=dict(data or {}))
    notification.full_clean(exclude=["user"])
    # An account that is being deleted lets this wait, and is none afterwards.
    reader = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first()
    if reader is None:
        return None
    wanted = preferences_of(user=reader)[kind]
    if wanted[Channel.IN_APP]:
        notification.save(force_insert=True)
    # To an address that may be somebody else's nothing is sent that others can cause.
    if wanted[Channel.MAIL] and reader.is_verified:
        mail = partial(
            mail_queue, "notifications.notification", user_id=str(reader.pk), title=title, body=body
        )
        transaction.on_commit(mail, robust=True)
    if wanted[Channel.WEBSOCKET]:
        kept = wanted[Channel.IN_APP]
        event_send(user=reader, event="notification.created", data=_told(notification, kept=kept))
    return notification if wanted[Channel.IN_APP] else None


def notification_mail(*, user_id: str, title: str, body: str) -> Mail | None:
    """Build the mail of a notification; None if the account has ended."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user and Mail(to=user.email, template=MAIL, context={"title": title, "body": body})


BUILDERS["notifications.notification"] = notification_mail


def notification_read(*, notification: Notification) -> Notification:
    """Note that a user has read it; the first time counts."""
    _read(user=notification.user_id, pk=notification.pk)
    notification.refresh_from_db()
    return notification


def notification_read_all(*, user: User) -> int:
    """Note that a user has read everything; returns how many were new."""
    return _read(user=user)


@transaction.atomic
def preference_set(*, user: User, kind: str, **wanted: bool) -> dict[str, bool]:
    """Choose channels for a kind.

    Args:
        user: whose choice.
        kind: one of `NOTIFICATION_KINDS`.
        wanted: by the name of a channel; those that are not named stay as they are.

    Returns:
        What now holds for that kind.

    Raises:
        ValidationError: there is no such kind.
    """
    try:
        validate_kind(kind)
    except ValidationError as error:
        raise ValidationError({"kind": error.error_list}) from error
    now = timezone.now()
    rows = [
        Preference(user=user, kind=kind, channel=Channel(channel), wanted=answer, updated_at=now)
        for channel, answer in wanted.items()
    ]
    # Of two at once, both find or make the row: the second answer stays.
    Preference.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["user", "kind", "channel"],
        update_fields=["wanted", "updated_at"],
    )
    return preferences_of(user=user)[kind]


@transaction.atomic
def notifications_delete(*, user: User) -> None:
    """Delete all that a user was told, and chose."""
    notification_list(user=user).delete()
    Preference.objects.filter(user=user).delete()


def notification_purge(*, dry_run: bool = False) -> int:
    """Remove notifications that were read long ago; returns how many."""
    old = Notification.objects.filter(read_at__lt=timezone.now() - KEPT)
    return old.count() if dry_run else old.delete()[0]


def _read(**which: Any) -> int:
    now = timezone.now()
    return Notification.objects.filter(**which, read_at=None).update(read_at=now, updated_at=now)


def _told(notification: Notification, *, kept: bool) -> dict[str, Any]:
    return {
        "id": str(notification.pk) if kept else None,
        "kind": notification.kind,
        "title": notification.title,
        "body": notification.body,
        "data": notification.data,
        "created_at": notification.created_at.isoformat(),
    }
