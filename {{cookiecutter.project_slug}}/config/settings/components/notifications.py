"""Kinds of notifications, see docs/notifications.md."""

# Default channels of each kind: in_app, mail, websocket. Users can choose others.
NOTIFICATION_KINDS: dict[str, tuple[str, ...]] = {
    "message": ("in_app", "websocket"),
    "warning": ("in_app", "mail", "websocket"),
}
