"""Delivery channels of notifications, by name.

Another app adds a channel in its module `notification_channels`, which is imported at startup. A channel is
called within the transaction of the notification and sends after the commit. A channel that is also in
`DIGESTS` respects quiet hours and digests: it gets the notifications that waited in one call.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.core.mail import BUILDERS, Mail, mail_queue
from apps.notifications.unsubscribe import unsubscribe_url
from apps.users.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.notifications.models import Digest, Notification

# Notifications in the email of a digest; it has the number of further ones.
DIGEST_ENTRIES = 50


def notification_store(notification: Notification) -> None:
    """Add a notification to the list of its user."""
    notification.save(force_insert=True)


def notification_mail_queue(notification: Notification) -> None:
    """Queue the mail of a notification, unless the email is unverified.

    An unverified email may belong to another person: send no mail that third parties can trigger.
    """
    user = notification.user
    if user.is_verified:
        data = {"kind": notification.kind, "title": notification.title, "body": notification.body}
        queue = partial(mail_queue, "notifications.notification", user_id=str(user.pk), **data)
        transaction.on_commit(queue, robust=True)


def notification_mail(*, user_id: str, kind: str, title: str, body: str) -> Mail | None:
    """Build the mail of a notification; None if the account is not active."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user and _mail(user, "notification", [kind], {"title": title, "body": body})


def digest_mail_queue(digest: Digest) -> None:
    """Queue the mail of a digest."""
    queue = partial(mail_queue, "notifications.digest", digest_id=str(digest.pk))
    transaction.on_commit(queue, robust=True)


def digest_mail(*, digest_id: str) -> Mail | None:
    """Build the mail of a digest; None if it is empty, the account not active or its email unverified."""
    users = User.objects.filter(is_active=True, email_verified_at__isnull=False)
    user = users.filter(notification_digests=digest_id).first()
    if user is None:
        return None
    entries = user.deferred_notifications.filter(digest=digest_id).order_by("created_at")
    kinds = sorted(entries.order_by().values_list("kind", flat=True).distinct())
    shown, number = list(entries[:DIGEST_ENTRIES]), entries.count()
    if not number:
        return None
    if number == 1:
        return _mail(user, "notification", kinds, {"title": shown[0].title, "body": shown[0].body})
    return _mail(user, "digest", kinds, {"entries": shown, "number": number, "more": number - len(shown)})


def _mail(user: User, template: str, kinds: list[str], context: dict[str, Any]) -> Mail:
    url = unsubscribe_url(user_id=str(user.pk), channel="mail", kinds=kinds)
    return Mail(
        to=user.email,
        template=f"notifications/mail/{template}",
        context=context | {"unsubscribe": url},
        language=user.language,
        time_zone=user.timezone,
        headers={"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )


BUILDERS["notifications.notification"] = notification_mail
BUILDERS["notifications.digest"] = digest_mail
# Called in this order: the list is first, so that the others know whether a notification is stored.
CHANNELS: dict[str, Callable[[Notification], object]] = {
    "in_app": notification_store,
    "mail": notification_mail_queue,
}
DIGESTS: dict[str, Callable[[Digest], object]] = {"mail": digest_mail_queue}
