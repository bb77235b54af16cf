"""Delivery channels of notifications, by name.

Another app adds a channel in its module `notification_channels`, which is imported at startup. A channel is
called within the transaction of the notification and sends after the commit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from apps.core.mail import BUILDERS, Mail, mail_queue
from apps.users.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.notifications.models import Notification

TEMPLATE = "notifications/mail/notification"


def notification_store(notification: Notification) -> None:
    """Add a notification to the list of its user."""
    notification.save(force_insert=True)


def notification_mail_queue(notification: Notification) -> None:
    """Queue the mail of a notification, unless the email is unverified.

    An unverified email may belong to another person: send no mail that third parties can trigger.
    """
    user = notification.user
    if user.is_verified:
        data = {"user_id": str(user.pk), "title": notification.title, "body": notification.body}
        transaction.on_commit(partial(mail_queue, "notifications.notification", **data), robust=True)


def notification_mail(*, user_id: str, title: str, body: str) -> Mail | None:
    """Build the mail of a notification; None if the account is not active."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user and Mail(to=user.email, template=TEMPLATE, context={"title": title, "body": body})


BUILDERS["notifications.notification"] = notification_mail
# Called in this order: the list is first, so that the others know whether a notification is stored.
CHANNELS: dict[str, Callable[[Notification], object]] = {
    "in_app": notification_store,
    "mail": notification_mail_queue,
}
