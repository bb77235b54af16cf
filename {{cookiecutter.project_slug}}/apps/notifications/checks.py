"""System checks of the notification settings: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.notifications.models import Channel


@register()
def check_kinds(**_kwargs: Any) -> list[CheckMessage]:
    """Report unknown channels, which would never deliver anything."""
    return [
        Error(
            f"NOTIFICATION_KINDS: {kind} has channels that there are not: {', '.join(unknown)}",
            id="notifications.E001",
        )
        for kind, channels in settings.NOTIFICATION_KINDS.items()
        if (unknown := sorted(set(channels) - set(Channel.values)))
    ]
