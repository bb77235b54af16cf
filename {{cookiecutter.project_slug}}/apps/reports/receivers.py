"""Events that are tracked by signals."""

from typing import Any

from django.conf import settings
from django.contrib.auth import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from apps.reports.services.events import event_track
from infrastructure.http.error_views import in_admin


@receiver(user_logged_in)
def track_login(request: HttpRequest, **_kwargs: Any) -> None:
    """Track a login and where it happened, but not the user."""
    # Not in a project that removed the event: its logins must not fail.
    if "via" in settings.REPORT_EVENTS.get("login", ()):
        event_track("login", via="admin" if in_admin(request) else "api")
