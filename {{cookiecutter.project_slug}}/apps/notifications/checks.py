"""System checks of the notification settings: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from apps.notifications.channels import CHANNELS


@register()
def check_kinds(**_kwargs: Any) -> list[CheckMessage]:
    """Report channels and kinds that do not exist, which would have no effect."""
    unknown = {
        f"NOTIFICATION_KINDS: {kind} has unknown channels": set(channels) - CHANNELS.keys()
        for kind, channels in settings.NOTIFICATION_KINDS.items()
    }
    errors = [("E001", message, names) for message, names in unknown.items()]
    kinds = set(settings.NOTIFICATION_URGENT_KINDS) - settings.NOTIFICATION_KINDS.keys()
    errors.append(("E002", "NOTIFICATION_URGENT_KINDS has unknown kinds", kinds))
    return [
        Error(f"{message}: {', '.join(sorted(names))}", id=f"notifications.{number}")
        for number, message, names in errors
        if names
    ]


@register(Tags.security, deploy=True)
def check_api_url(**_kwargs: Any) -> list[CheckMessage]:
    """Report unsubscribe links that mail providers would not use: RFC 8058 requires HTTPS."""
    if settings.API_URL.startswith("https://"):
        return []
    hint = "Set API_URL to the public URL of this API, such as https://api.example.com."
    return [checks.Warning("API_URL is not an HTTPS URL.", hint=hint, id="notifications.W001")]
