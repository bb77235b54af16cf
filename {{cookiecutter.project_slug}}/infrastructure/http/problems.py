"""Problem details for error responses. RFC 9457: https://www.rfc-editor.org/rfc/rfc9457"""

from __future__ import annotations

import errno
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError
from django.http import JsonResponse
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

PROBLEM_JSON = "application/problem+json"
UNAVAILABLE_CODE = "service_unavailable"
UNAVAILABLE_DETAIL = gettext_lazy("The service is temporarily unavailable. Please try again later.")
# Seconds.
RETRY_AFTER = 5
# SQLite's code for statements that it cannot run, such as a query of a missing table.
# https://www.sqlite.org/rescode.html#error
SQLITE_ERROR = 1


def problem(request: HttpRequest | Request, status: int, code: str, detail: str) -> dict[str, Any]:
    """Build the members that every problem document has.

    Args:
        request: the failed request.
        status: HTTP status of the response, 400 to 599.
        code: machine-readable error code, the last part of `type`.
        detail: human-readable description of this occurrence.
    """
    return {
        "type": f"urn:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request.META.get("HTTP_X_REQUEST_ID", ""),
    }


def problem_response(request: HttpRequest, status: int, code: str, detail: str) -> JsonResponse:
    """Return problem details outside of Django REST Framework."""
    return JsonResponse(problem(request, status, code, detail), status=status, content_type=PROBLEM_JSON)


def unavailable_response(request: HttpRequest) -> JsonResponse:
    """Return problem details with status 503 and `Retry-After`."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    response = problem_response(request, status, UNAVAILABLE_CODE, str(UNAVAILABLE_DETAIL))
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def is_unavailable(exc: BaseException | None) -> bool:
    """Return whether the error is temporary: the database is unavailable or the disk is full."""
    if isinstance(exc, OSError):
        return exc.errno == errno.ENOSPC
    if not isinstance(exc, OperationalError | InterfaceError):
        return False
    return getattr(exc.__cause__, "sqlite_errorcode", None) != SQLITE_ERROR
