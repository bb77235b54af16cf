"""Middleware, in the order of `MIDDLEWARE`."""

import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist, MiddlewareNotUsed
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django_structlog.middlewares import RequestMiddleware
from django_structlog.signals import bind_extra_request_failed_metadata
from rest_framework.exceptions import MethodNotAllowed

from infrastructure.database.replica import replica_allowed
from infrastructure.http.body_limit import body_fault
from infrastructure.http.error_views import in_admin
from infrastructure.http.problems import is_unavailable, problem_response

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEBUG_PAGES = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR})
# Raised by Django and the database for values such as the year 10000 or an integer with 30 digits.
QUERY_ERRORS = (ArithmeticError, DatabaseError, FieldDoesNotExist, LookupError, ValueError)
# Code and detail of responses that Django and `BodyLimitMiddleware` create without a body.
FAILURES: dict[int, tuple[str, Any]] = {
    400: ("bad_request", _("Malformed request.")),
    405: (MethodNotAllowed.default_code, MethodNotAllowed.default_detail),
    411: ("length_required", _("A Content-Length header is required.")),
    412: ("precondition_failed", _("The precondition in the request headers is not met.")),
    413: ("body_too_large", _("The body of the request is too large.")),
}

logger = structlog.get_logger(__name__)


def identify(request: HttpRequest) -> str:
    """Return the request id: the value of `X-Request-ID` if it is valid, else a new UUID."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    request_id = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
    request.META["HTTP_X_REQUEST_ID"] = request_id
    return request_id


class RequestLogMiddleware(RequestMiddleware):
    """Request logging with duration and request id, which is also returned in `X-Request-ID`.

    A valid id of the client is kept, so that all services log the same id.
    """

    def prepare(self, request: HttpRequest) -> None:
        request_id = identify(request)
        request.started_at = time.perf_counter()  # type: ignore[attr-defined]
        # One line per request, after the response: nothing is logged here, unlike in the base class.
        structlog.contextvars.bind_contextvars(request_id=request_id)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        duration = time.perf_counter() - request.started_at  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(duration_ms=round(duration * 1000, 1))
        super().handle_response(request, response)
        response["X-Request-ID"] = request.META["HTTP_X_REQUEST_ID"]

    @classmethod
    def bind_user_id(cls, request: HttpRequest) -> None:
        # Unlike the base class, keeps no session flag for later middleware, because none follows.
        if (user := getattr(request, "user", None)) is not None:
            structlog.contextvars.bind_contextvars(user_id=user.pk and str(user.pk))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        # Without the query string, which may contain names, emails and tokens.
        return f"{request.method} {request.path}"


@receiver(bind_extra_request_failed_metadata)
def log_status(exception: Exception, log_kwargs: dict[str, Any], **_kwargs: Any) -> None:
    """Log the status code of a failed request, see `infrastructure.http.error_views.server_error`."""
    if is_unavailable(exception):
        log_kwargs["code"] = HTTPStatus.SERVICE_UNAVAILABLE.value


class Middleware:
    """Base class that keeps the next handler."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response


class HealthCheckMiddleware(Middleware):
    """Health endpoints before host and HTTPS checks: probes use the IP address and plain HTTP."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/health/"):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        response: HttpResponse = match.func(request)
        return response


def _policy(directives: dict[str, list[str]]) -> str:
    return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())


class PolicyMiddleware(Middleware):
    """`Permissions-Policy`, and `Content-Security-Policy` unless the view sets its own.

    The admin has a policy of its own, because its theme may need scripts that no other page needs.

    Django 6 and django-csp build the latter for each response, which costs more than any other header.
    """

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self.policy = _policy(settings.SECURE_CSP)
        self.admin_policy = _policy(settings.SECURE_CSP | settings.ADMIN_CSP)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        # Django's debug pages have inline scripts.
        if not (settings.DEBUG and response.status_code in DEBUG_PAGES):
            policy = self.admin_policy if in_admin(request) else self.policy
            response.headers.setdefault("Content-Security-Policy", policy)
        return response


class BodyLimitMiddleware(Middleware):
    """Request body limit, enforced before the body is read; requires `Content-Length`.

    Django's own limit does not apply to JSON parsed by Django REST Framework, nor to uploaded files, which
    would be on the disk before a view can reject them.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        status = body_fault(request.path_info, request.headers)
        # `FailureMiddleware` adds the problem details.
        return HttpResponse(status=status) if status else self.get_response(request)


class FailureMiddleware(Middleware):
    """Problem details for error responses without a body, and a redirect for invalid queries in the admin."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code in FAILURES and not (response.streaming or response.content):
            code, detail = FAILURES[response.status_code]
            detail = str(detail).format(method=request.method)
            problem = problem_response(request, response.status_code, code, detail)
            response.content, response["Content-Type"] = problem.content, problem["Content-Type"]
            response["Content-Length"] = str(len(response.content))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Redirect to `?e=1`, as the admin does for lookups that it recognizes as invalid."""
        failed = isinstance(exception, QUERY_ERRORS) and not is_unavailable(exception)
        has_query = request.method in SAFE_METHODS and not request.GET.keys() <= {"e"}
        if not (failed and has_query and in_admin(request)):
            return None
        logger.warning("admin_query_failed", exc_info=exception)
        return HttpResponseRedirect(f"{request.path}?e=1")


class CacheControlMiddleware(Middleware):
    """Default `Cache-Control: private, no-cache` for API responses: only the client caches, and revalidates.

    `ConditionalGetMiddleware` handles the revalidation by `ETag`. A header set by the view is kept.
    https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        namespaces = request.resolver_match.namespaces if request.resolver_match else []
        versions = settings.REST_FRAMEWORK["ALLOWED_VERSIONS"]
        if namespaces and namespaces[0] in versions and not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = "private, no-cache"
            patch_vary_headers(response, ["Authorization"])
        return response


class ReplicaMiddleware(Middleware):
    """Reads of safe requests from the replica, if one is configured.

    Requests with a session cookie use the primary: the admin must show saved changes immediately.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if "replica" not in settings.DATABASES:
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = settings.SESSION_COOKIE_NAME in request.COOKIES
        with replica_allowed(allowed=request.method in SAFE_METHODS and not session):
            return self.get_response(request)
