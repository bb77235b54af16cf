"""What users are told, see docs/notifications.md."""

# The kinds, each with the channels that it takes unless the user chose others: in_app, mail, websocket.
NOTIFICATION_KINDS: dict[str, tuple[str, ...]] = {
    "message": ("in_app", "websocket"),
    "warning": ("in_app", "mail", "websocket"),
}
