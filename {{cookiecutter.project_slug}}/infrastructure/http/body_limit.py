"""How long the body of a request may be, by its headers and its route."""

from collections.abc import Mapping
from http import HTTPStatus

from django.conf import settings
from django.urls import Resolver404, resolve

# What a form with one file has beside it: boundaries, headers, small fields.
FORM_BYTES = 65_536
FORM = "multipart/form-data"
MAX_DIGITS = 18


def max_body_bytes(path: str, content_type: str) -> int:
    """The longest body of a type; a form is longer by a file, where the route reads forms."""
    if content_type.partition(";")[0].strip().lower() == FORM and _takes_forms(path):
        return int(settings.FILE_MAX_BYTES) + FORM_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def body_fault(path: str, headers: Mapping[str, str]) -> HTTPStatus | None:
    """Return the status of the refusal if the headers announce no body that the route takes."""
    # A chunked body has no known length, whatever `Content-Length` says.
    if headers.get("transfer-encoding"):
        return HTTPStatus.LENGTH_REQUIRED
    length = headers.get("content-length") or ""
    if length and not (length.isascii() and length.isdigit()):
        return HTTPStatus.BAD_REQUEST
    # Python does not convert thousands of digits.
    longest = max_body_bytes(path, headers.get("content-type", ""))
    too_large = len(length) > MAX_DIGITS or body_length(headers) > longest
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else None


def body_length(headers: Mapping[str, str]) -> int:
    """The length that a request without a body fault announces, in bytes."""
    return int(headers.get("content-length") or 0)


def _takes_forms(path: str) -> bool:
    """Whether a route reads forms: a view of Django REST Framework by its parsers, any other view always."""
    try:
        view = resolve(path).func
    except Resolver404:
        return False
    parsers = getattr(getattr(view, "cls", None), "parser_classes", None)
    return parsers is None or any(parser.media_type == FORM for parser in parsers)
