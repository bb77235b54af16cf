"""HTTP client for other services: timeouts, retries, circuit breaker, request id. See docs/http-client.md."""

from __future__ import annotations

import random
from contextlib import closing
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Any

import structlog

from apps.core.exceptions import UnavailableError
from infrastructure.circuit_breaker import CircuitBreaker

if TYPE_CHECKING:
    from httpx2 import Request, Response

# Repeating one of these has the same effect as sending it once.
IDEMPOTENT = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT"})
# A later attempt may succeed.
TEMPORARY = frozenset({429, 502, 503, 504})
CONNECT_TIMEOUT = 2.0
# Pause before the second attempt; doubled for each further one, and reduced by up to half (jitter).
FIRST_PAUSE = 0.2
# Upper bound of the wait that is passed on to clients of this API.
MAX_RETRY_AFTER = 3600.0
# They describe the transfer of the response, whose content is kept decoded.
TRANSFER_HEADERS = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})

logger = structlog.get_logger(__name__)


class ServiceClient:
    """Client of one service, shared by the threads of a process. Create it on first use, not on import.

    Args:
        name: name of the service in logs.
        base_url: beginning of all URLs.
        options: options of `httpx2.Client`, such as `headers` and `auth`, and `transport` in tests.
    """

    # Maximum seconds without data of the response, and for all attempts and pauses of one call.
    read_timeout = 5.0
    total_timeout = 10.0
    # Maximum number of attempts, if the request may be repeated.
    max_attempts = 3
    # Maximum size of a response, after decompression.
    max_bytes = 1_000_000

    def __init__(self, name: str, base_url: str, **options: Any) -> None:
        import httpx2  # noqa: PLC0415 - 0.3 s at start-up, which many processes do not need

        self._name = name
        self._breaker = CircuitBreaker("service", service=name, interval=30, threshold=5)
        # A cookie in the response to one user must not be sent with the request of another.
        cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        timeout = httpx2.Timeout(self.read_timeout, connect=CONNECT_TIMEOUT)
        self._client = httpx2.Client(base_url=base_url, timeout=timeout, cookies=cookies, **options)

    def request(self, method: str, path: str, *, idempotency_key: str = "", **options: Any) -> Response:
        """Send a request; return a response with 2xx, 3xx (redirects are not followed) or 4xx (except 429).

        Args:
            method: HTTP method.
            path: path relative to the base URL; quote variable parts.
            idempotency_key: sent as `Idempotency-Key`; with it, POST and PATCH may be repeated too.
            options: options of `httpx2.Client.build_request`, such as `params`, `json` and `headers`.

        Raises:
            UnavailableError: there is no response, its status is 429 or 5xx, or it is too large.
        """
        request = self._build(method, path, idempotency_key, options)
        attempts = self.max_attempts if request.method in IDEMPOTENT or idempotency_key else 1
        deadline = monotonic() + self.total_timeout
        attempt = 0
        while True:
            attempt += 1
            if not self._breaker.lets_through():
                raise UnavailableError(f"{self._name}: circuit breaker is open", wait=self._breaker.wait)
            response, error = self._send(request, deadline, attempt)
            if response and not error:
                return response
            asked = _retry_after(response)
            pause = max(asked or 0, FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1))  # noqa: S311
            temporary = response is None or response.status_code in TEMPORARY
            if not temporary or attempt >= attempts or monotonic() + pause >= deadline:
                raise UnavailableError(f"{self._name}: {error}", wait=asked)
            sleep(pause)

    def _build(self, method: str, path: str, idempotency_key: str, options: dict[str, Any]) -> Request:
        request = self._client.build_request(method, path, **options)
        if request.url.origin != self._client.base_url.origin:
            # It would get the credentials of this service.
            raise ValueError(f"The path for {self._name} must be relative to its base URL.")
        if request_id := structlog.contextvars.get_contextvars().get("request_id"):
            request.headers.setdefault("X-Request-ID", str(request_id))
        if idempotency_key:
            request.headers["Idempotency-Key"] = idempotency_key
        request.read()  # into memory, so that it can be sent again
        return request

    def _send(self, request: Request, deadline: float, attempt: int) -> tuple[Response | None, str]:
        """Return the response, if any, and its error; log both and report them to the circuit breaker."""
        started = monotonic()
        response, error = self._exchange(request, deadline)
        status = response.status_code if response else HTTPStatus.GATEWAY_TIMEOUT
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        error = error or (str(status) if failed or status == HTTPStatus.TOO_MANY_REQUESTS else "")
        log = logger.bind(service=self._name, method=request.method, host=request.url.host, attempt=attempt)
        log = log.bind(status=response and status, duration_ms=round((monotonic() - started) * 1000, 1))
        log.warning("service_request", error=error) if error else log.info("service_request")
        self._breaker.failed(error) if failed else self._breaker.succeeded()
        return response, error

    def _exchange(self, request: Request, deadline: float) -> tuple[Response | None, str]:
        import httpx2  # noqa: PLC0415 - see `__init__`

        remaining = max(deadline - monotonic(), 0.001)
        limits = request.extensions["timeout"].items()
        request.extensions["timeout"] = {name: min(limit or remaining, remaining) for name, limit in limits}
        content = bytearray()
        try:
            with closing(self._client.send(request, stream=True)) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > self.max_bytes:
                        return response, "ResponseTooLarge"
                    if monotonic() > deadline:
                        return None, "TotalTimeout"
        except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError):
            # An error of the caller, such as a line break in a header.
            raise
        except httpx2.RequestError as error:
            return None, type(error).__name__
        headers = [pair for pair in response.headers.raw if pair[0].lower() not in TRANSFER_HEADERS]
        status = response.status_code
        return httpx2.Response(status, headers=headers, content=bytes(content), request=request), ""


def _retry_after(response: Response | None) -> float | None:
    """Return the seconds of `Retry-After`, a number or a date; None if it is missing or invalid."""
    value = response.headers.get("Retry-After", "") if response else ""
    try:
        seconds = float(value) if value.isdecimal() else parsedate_to_datetime(value).timestamp() - time()
    except (OverflowError, TypeError, ValueError):
        return None
    return min(max(seconds, 0), MAX_RETRY_AFTER)
