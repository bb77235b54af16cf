"""System checks of the WebSocket settings: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - the name in Django


@register(Tags.security, deploy=True)
def check_layer(**_kwargs: Any) -> list[CheckMessage]:
    """Warn about the in-memory channel layer: it delivers events within one process only."""
    if settings.CHANNEL_LAYERS["default"]["BACKEND"] != "channels.layers.InMemoryChannelLayer":
        return []
    hint = "Set REDIS_URL, or serve with WEB_CONCURRENCY=1 and without workers."
    return [Warning("Events for WebSockets stay within one process.", hint=hint, id="realtime.W001")]
