"""System checks of the notification settings: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.notifications.channels import CHANNELS


@register()
def check_kinds(**_kwargs: Any) -> list[CheckMessage]:
    """Report channels that do not exist, which would deliver nothing."""
    return [
        Error(
            f"NOTIFICATION_KINDS: {kind} has unknown channels: {', '.join(unknown)}",
            id="notifications.E001",
        )
        for kind, channels in settings.NOTIFICATION_KINDS.items()
        if (unknown := sorted(set(channels) - CHANNELS.keys()))
    ]
