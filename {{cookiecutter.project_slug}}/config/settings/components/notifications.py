"""Kinds of notifications, digests and unsubscribe links, see docs/notifications.md."""

from datetime import time

from config.env import Url, env
from config.settings.components.api import THROTTLE_RATES
from config.settings.components.security import ALLOWED_HOSTS

# Public URL of this API, for unsubscribe links: by default the first host that is not a pattern.
_host = next((f"https://{name}" for name in ALLOWED_HOSTS if name[0] not in ".*"), "http://localhost:8000")
API_URL = env.text("API_URL", _host, form=Url).rstrip("/")
# By account for valid links, else by client.
THROTTLE_RATES["unsubscribe"] = "20/minute,200/day"
# Time of daily and weekly digests in the time zone of the user; weekly ones on Monday.
NOTIFICATION_DIGEST_TIME = time(8)
NOTIFICATION_DIGEST_WEEKDAY = 0
# Kinds that are sent immediately, regardless of digests and quiet hours.
NOTIFICATION_URGENT_KINDS = frozenset({"warning"})

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
