"""Request classes that tolerate any `Content-Type` header."""

from typing import Any

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
MAX_CONTENT_TYPE_LENGTH = 255


class _UTF8Request(HttpRequest):
    """Request decoded as UTF-8; a malformed `Content-Type`, or one with another charset, is dropped.

    Django decodes with the charset of the client before any middleware runs, and fails for `rot13`.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        header = meta.get("CONTENT_TYPE", "")
        try:
            self.content_type, self.content_params = parse_header_parameters(header[:MAX_CONTENT_TYPE_LENGTH])
            known = self.content_params.get("charset", "utf-8").lower() in CHARSETS
        except ValueError:
            known = False
        if not known or len(header) > MAX_CONTENT_TYPE_LENGTH:
            meta["CONTENT_TYPE"], self.content_type, self.content_params = "", "", {}


def with_utf8_requests(handler: Any) -> Any:
    """Make Django's WSGI or ASGI handler create UTF-8 requests."""
    handler.request_class = type("UTF8Request", (_UTF8Request, handler.request_class), {})
    return handler
