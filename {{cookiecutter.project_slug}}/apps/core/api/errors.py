"""Exception handler of the API, which renders errors as problem details."""

from collections.abc import Iterator
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any

import structlog
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler

from apps.core.api.client_ip import client_network
from apps.core.api.throttling import count
from apps.core.exceptions import (
    AuthenticationError,
    ConflictError,
    DomainError,
    ForbiddenError,
    LimitError,
    NotFoundError,
)
from infrastructure.http.problems import (
    PROBLEM_JSON,
    RETRY_AFTER,
    UNAVAILABLE_CODE,
    UNAVAILABLE_DETAIL,
    is_unavailable,
    problem,
)

if TYPE_CHECKING:
    from rest_framework.request import Request

UNAUTHENTICATED = (exceptions.AuthenticationFailed, exceptions.NotAuthenticated)

logger = structlog.get_logger(__name__)


class Conflict(exceptions.APIException):
    """Error for a request that the current state of the object does not allow."""

    status_code = HTTPStatus.CONFLICT
    default_detail = gettext_lazy("The request conflicts with the current state of the object.")
    default_code = "conflict"


class ServiceUnavailable(exceptions.APIException):
    """Error for an unavailable dependency; clients may retry the request."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = UNAVAILABLE_DETAIL
    default_code = UNAVAILABLE_CODE
    # Seconds, for `Retry-After`.
    wait = RETRY_AFTER


def problem_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Convert an exception of a view to problem details; return None for unexpected errors.

    Source: https://www.django-rest-framework.org/api-guide/exceptions/#custom-exception-handling
    """
    if is_unavailable(exc):
        event = "disk_full" if isinstance(exc, OSError) else "database_unavailable"
        logger.exception(event)  # noqa: LOG004 - called by the exception handler
        exc = ServiceUnavailable()
    elif isinstance(exc, DjangoValidationError):
        exc = exceptions.ValidationError(as_serializer_error(exc))
    elif isinstance(exc, DomainError):
        exc = _api_exception(exc, context)
    request: Request = context["request"]
    if isinstance(exc, UNAUTHENTICATED) and request.authenticators:
        # Counted here, since it is raised before the throttles of the view run. Expired tokens are common:
        # rejected tokens have a separate scope with a higher limit.
        scope = "anon" if isinstance(exc, exceptions.NotAuthenticated) else "token"
        if wait := count(scope, client_network(request)):
            exc = exceptions.Throttled(wait)
    response = exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        response.data = problem(request, response.status_code, "validation_error", _("Invalid input."))
        response.data["errors"] = list(_errors(exc.get_full_details()))
    else:
        response.data = problem(request, response.status_code, *_code_and_detail(response.data))
    # Always JSON, except in the browsable API: other renderers may not support problem details.
    if getattr(getattr(request, "accepted_renderer", None), "format", "") != "api":
        request.accepted_renderer, request.accepted_media_type = JSONRenderer(), PROBLEM_JSON
        response.content_type = PROBLEM_JSON
    return response


def _api_exception(error: DomainError, context: dict[str, Any]) -> exceptions.APIException:
    match error:
        case AuthenticationError():
            failed = exceptions.AuthenticationFailed(error.message, error.code)
            # Django REST Framework sets it for its own exceptions, before it calls the handler.
            header = context["view"].get_authenticate_header(context["request"])
            failed.auth_header = header  # type: ignore[attr-defined] # set dynamically there too
            return failed
        case ForbiddenError():
            return exceptions.PermissionDenied(error.message, error.code)
        case NotFoundError():
            return exceptions.NotFound(error.message, error.code)
        case ConflictError():
            return Conflict(error.message, error.code)
        case LimitError():
            return exceptions.Throttled(error.wait, error.message and str(error.message), error.code)
        case _:
            unavailable = ServiceUnavailable(error.message, error.code)
            # Rounded up, as Django REST Framework cuts off the fraction.
            unavailable.wait = ceil(getattr(error, "wait", None) or RETRY_AFTER)
            return unavailable


def _code_and_detail(data: Any) -> tuple[str, str]:
    # Simple JWT has the code as a separate key, Django REST Framework on the detail, which may be any type.
    members = data if isinstance(data, dict) else {}
    detail = members.get("detail", data)
    return str(members.get("code") or getattr(detail, "code", "error")), str(detail)


def _errors(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flatten nested errors: `{"items": [{}, {"name": […]}]}` has the field `items.1.name`."""
    if _is_error(details):
        yield {
            "field": path or "non_field_errors",
            "code": details["code"],
            "message": str(details["message"]),
        }
    elif isinstance(details, list) and all(map(_is_error, details)):
        for item in details:
            yield from _errors(item, path)
    else:
        pairs = details.items() if isinstance(details, dict) else enumerate(details)
        for key, value in pairs:
            yield from _errors(value, f"{path}.{key}" if path else str(key))


def _is_error(details: Any) -> bool:
    # Fields named `message` and `code` have lists of errors as values.
    return (
        isinstance(details, dict)
        and details.keys() == {"message", "code"}
        and isinstance(details["code"], str)
    )
