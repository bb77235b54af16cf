"""Request body limits, by headers and route."""

from collections.abc import Mapping
from http import HTTPStatus

from django.conf import settings
from django.urls import Resolver404, resolve

# Overhead of a form with one file: boundaries, headers, small fields.
FORM_BYTES = 65_536
FORM = "multipart/form-data"
MAX_DIGITS = 18


def max_body_bytes(path: str, content_type: str) -> int:
    """Return the body limit: the file limit for forms, where the route parses forms, else Django's limit."""
    if content_type.partition(";")[0].strip().lower() == FORM and _takes_forms(path):
        return int(settings.FILE_MAX_BYTES) + FORM_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def body_fault(path: str, headers: Mapping[str, str]) -> HTTPStatus | None:
    """Return the error status if the route does not accept the body that the headers declare."""
    # A chunked body has no known length; `Content-Length` is ignored (RFC 9112, section 6.3).
    if headers.get("transfer-encoding"):
        return HTTPStatus.LENGTH_REQUIRED
    length = headers.get("content-length") or ""
    if length and not (length.isascii() and length.isdigit()):
        return HTTPStatus.BAD_REQUEST
    longest = max_body_bytes(path, headers.get("content-type", ""))
    # `int()` raises ValueError for more than 4300 digits.
    too_large = len(length) > MAX_DIGITS or body_length(headers) > longest
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else None


def body_length(headers: Mapping[str, str]) -> int:
    """Return the declared length in bytes of a request without a body fault."""
    return int(headers.get("content-length") or 0)


def _takes_forms(path: str) -> bool:
    """Return whether a route parses forms: by `parser_classes` of a DRF view; other views always do."""
    try:
        view = resolve(path).func
    except Resolver404:
        return False
    parsers = getattr(getattr(view, "cls", None), "parser_classes", None)
    return parsers is None or any(parser.media_type == FORM for parser in parsers)
