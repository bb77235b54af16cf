"""Error handlers: problem details for API clients, HTML pages in the admin."""

import sys
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import csrf, defaults
from django.views.decorators.csrf import csrf_exempt

from infrastructure.http.problems import (
    RETRY_AFTER,
    is_unavailable,
    problem_response,
    unavailable_response,
)


def in_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith(f"/{settings.ADMIN_URL}")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return problem_response(request, HTTPStatus.BAD_REQUEST, "bad_request", _("Malformed request."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if in_admin(request):
        return defaults.permission_denied(request, exception)
    return problem_response(
        request,
        HTTPStatus.FORBIDDEN,
        "permission_denied",
        _("You do not have permission to perform this action."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if in_admin(request):
        return csrf.csrf_failure(request, reason)
    return problem_response(
        request, HTTPStatus.FORBIDDEN, "csrf_failed", _("The CSRF token is missing or incorrect.")
    )


@csrf_exempt
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if in_admin(request):
        return defaults.page_not_found(request, exception or Exception())
    return problem_response(request, HTTPStatus.NOT_FOUND, "not_found", _("Not found."))


def server_error(request: HttpRequest) -> HttpResponse:
    # Django calls this inside its `except` block, without passing the exception.
    if is_unavailable(sys.exception()):
        return _unavailable(request)
    if in_admin(request):
        return defaults.server_error(request)
    return problem_response(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "server_error",
        _("Internal server error. Include the request ID when you report it."),
    )


def _unavailable(request: HttpRequest) -> HttpResponse:
    if not in_admin(request):
        return unavailable_response(request)
    content = render_to_string("503.html")
    headers = {"Retry-After": str(RETRY_AFTER)}
    return HttpResponse(content, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
