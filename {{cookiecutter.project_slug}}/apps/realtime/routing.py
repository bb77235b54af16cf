"""WebSocket routes."""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from apps.realtime.consumers import EventConsumer
from apps.realtime.origins import OriginValidator

socket: Any = EventConsumer.as_asgi()

urlpatterns = [path("ws/v1/", socket)]


def with_websockets(http: Any) -> Any:
    """Return an ASGI application that serves WebSockets, and HTTP with `http`."""
    return ProtocolTypeRouter({"http": http, "websocket": OriginValidator(URLRouter(urlpatterns))})
