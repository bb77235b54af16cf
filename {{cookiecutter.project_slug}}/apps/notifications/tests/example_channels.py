"""Example channels, as in docs/notifications.md: text messages (SMS) and push notifications."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from infrastructure.background import in_background

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from apps.notifications.models import Digest, Notification
    from apps.users.models import User

SMS_LENGTH = 160


class SMSChannel:
    """Text messages to the phone number of a user; those of the night wait and become one message."""

    def __init__(self, number_of: Callable[[User], str], send: Callable[[str, str], object]) -> None:
        self.number_of, self.send = number_of, send

    def deliver(self, notification: Notification) -> None:
        """Send one notification after the commit."""
        self._text(notification.user, [notification.title])

    def deliver_digest(self, digest: Digest) -> None:
        """Send the notifications that waited after the commit."""
        self._text(digest.user, digest.entries.order_by("created_at").values_list("title", flat=True))

    def _text(self, user: User, titles: Iterable[str]) -> None:
        if number := self.number_of(user):
            job = partial(self.send, number, "; ".join(titles)[:SMS_LENGTH])
            # Outside the request: the gateway may be slow.
            transaction.on_commit(partial(in_background, job), robust=True)


class PushChannel:
    """Push notifications to the devices of a user, which have their own quiet hours."""

    def __init__(
        self, devices_of: Callable[[User], Iterable[str]], send: Callable[[str, dict[str, str]], object]
    ) -> None:
        self.devices_of, self.send = devices_of, send

    def deliver(self, notification: Notification) -> None:
        """Send one notification to each device after the commit."""
        payload = {"id": str(notification.pk), "kind": notification.kind, "title": notification.title}
        for device in self.devices_of(notification.user):
            job = partial(self.send, device, payload)
            transaction.on_commit(partial(in_background, job), robust=True)
