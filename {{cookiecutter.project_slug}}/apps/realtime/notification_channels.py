"""Delivery channel `websocket`: sends notifications to the open sockets of their user."""

from apps.notifications.channels import CHANNELS
from apps.notifications.models import Notification
from apps.realtime.services import event_send


def notification_push(notification: Notification) -> None:
    """Send the event `notification.created`; its `id` is None for a notification that is not in the list."""
    data = {
        "id": str(notification.pk) if notification.is_stored else None,
        "kind": notification.kind,
        "title": notification.title,
        "body": notification.body,
        "data": notification.data,
        "created_at": notification.created_at.isoformat(),
    }
    event_send(user=notification.user, event="notification.created", data=data)


CHANNELS["websocket"] = notification_push
