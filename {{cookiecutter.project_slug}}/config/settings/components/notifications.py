"""Kinds of notifications, see docs/notifications.md."""

# Default delivery channels of each kind. Users can choose others.
# % if not cookiecutter.use_channels
NOTIFICATION_KINDS = {
    "message": ("in_app",),
    "warning": ("in_app", "mail"),
}
# % endif
# % if cookiecutter.use_channels
NOTIFICATION_KINDS = {
    "message": ("in_app", "websocket"),
    "warning": ("in_app", "mail", "websocket"),
}
# % endif
# % if "blog" in cookiecutter.__features
# Comments on own posts, and their publication.
NOTIFICATION_KINDS["blog"] = NOTIFICATION_KINDS["message"]
# % endif
