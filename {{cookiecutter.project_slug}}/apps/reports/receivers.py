"""Events that are tracked by signals."""

from typing import Any

from django.contrib.auth import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from apps.reports.services.events import event_track
from infrastructure.http.error_views import in_admin


@receiver(user_logged_in)
def track_login(request: HttpRequest, **_kwargs: Any) -> None:
    """Track that some user has logged in, and where, but not which one."""
    event_track("login", via="admin" if in_admin(request) else "api")
