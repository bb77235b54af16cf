"""WebSocket routes and the origins that may open them."""

from typing import Any
from urllib.parse import urlsplit

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.urls import path

from apps.realtime.consumers import EventConsumer

socket: Any = EventConsumer.as_asgi()

urlpatterns = [path("ws/v1/", socket)]


def with_websockets(http: Any) -> Any:
    """Return an ASGI application that serves WebSockets, and HTTP with `http`."""
    return ProtocolTypeRouter({"http": http, "websocket": with_allowed_origins(URLRouter(urlpatterns))})


def with_allowed_origins(application: Any) -> Any:
    """Reject handshakes of pages unless their origin is this host, the front end or allowed for CORS.

    Channels' own validator rejects handshakes without `Origin`. They are allowed here: their clients are not
    browsers, and authentication does not use cookies.
    https://www.rfc-editor.org/rfc/rfc6455#section-10.2
    """
    denier: Any = WebsocketDenier.as_asgi()

    async def validated(scope: dict[str, Any], receive: Any, send: Any) -> None:
        allowed = _is_allowed(dict(scope["headers"]))
        await (application if allowed else denier)(scope, receive, send)

    return validated


def _is_allowed(headers: dict[bytes, bytes]) -> bool:
    origin = headers.get(b"origin", b"").decode("latin1").lower()
    if not origin:
        return True
    if origin in {_origin_of(url) for url in (settings.FRONTEND_URL, *settings.CORS_ALLOWED_ORIGINS)}:
        return True
    # Same host; the scheme is ignored.
    host = headers.get(b"host", b"").decode("latin1").lower()
    return bool(host) and origin.partition("://")[2] == host


def _origin_of(url: str) -> str:
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc}"
