"""Origin validation of WebSocket handshakes."""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings


class OriginValidator:
    """ASGI middleware that allows the origins `FRONTEND_URL`, `CORS_ALLOWED_ORIGINS` and this host.

    Requests without `Origin` are allowed: their clients are not browsers, and authentication does not use
    cookies.
    https://www.rfc-editor.org/rfc/rfc6455#section-10.2
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        denier: Any = WebsocketDenier()
        application = self.application if _allowed(dict(scope["headers"])) else denier
        return await application(scope, receive, send)


def _allowed(headers: dict[bytes, bytes]) -> bool:
    origin = headers.get(b"origin", b"").decode("latin1").lower()
    if not origin:
        return True
    allowed = {settings.FRONTEND_URL, *settings.CORS_ALLOWED_ORIGINS}
    if origin in {_origin_of(url) for url in allowed}:
        return True
    # Same host; the scheme is ignored.
    host = headers.get(b"host", b"").decode("latin1").lower()
    return bool(host) and origin.partition("://")[2] == host


def _origin_of(url: str) -> str:
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc}"
