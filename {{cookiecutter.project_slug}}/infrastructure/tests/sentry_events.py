"""Program of the Sentry tests: an unhandled exception and logged errors with personal data.

The data are arguments, because events contain source lines.
"""

import logging
import sys
from contextlib import suppress

import django
import sentry_sdk
import structlog

from apps.core.exceptions import UnavailableError
from apps.core.http_client import ServiceClient


def fail(text: str) -> None:
    raise ValueError(text)


def main(email: str, password: str, token: str) -> None:
    django.setup()
    from django.test import Client  # noqa: PLC0415 - needs the settings

    # The in-memory database has no tables: a login fails with 500.
    Client(raise_request_exception=False).post(
        f"/api/v1/auth/token/?token={token}&email={email}",
        {"email": email, "password": password},
        content_type="application/json",
        headers={
            "authorization": f"Bearer {token}",
            "cookie": f"__Host-sessionid={token}",
            "host": "api.example.com",
            "x-api-key": password,
            "x-request-id": "my-request-1",
        },
        secure=True,
    )
    structlog.contextvars.bind_contextvars(request_id="my-request-2")
    for name in ("infrastructure.background", "infrastructure.monitoring.health", "library"):
        try:
            fail(f"{email} failed")
        except ValueError:
            structlog.get_logger(name).exception("job_failed", name=email)
    with sentry_sdk.start_transaction(name="call"), suppress(UnavailableError):
        query = {"email": email, "token": token}
        ServiceClient("payments", "http://127.0.0.1:1/").request("POST", "charges", params=query)
    logging.getLogger("apps.users").error("%s has %s", email, password)
    # At exit, the SDK waits for two seconds only.
    sentry_sdk.flush(timeout=30)


if __name__ == "__main__":
    main(*sys.argv[1:])
