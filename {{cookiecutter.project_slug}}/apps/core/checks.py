"""System checks of project settings: https://docs.djangoproject.com/en/stable/topics/checks/

`config/env.py` validates single variables; these checks need Django or compare several settings.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - its name there
from django.utils.module_loading import import_string

LOCAL_HOSTS = ("localhost", "127.", "::1", "/")
ENCRYPTED = ("require", "verify-ca", "verify-full")


def is_remote(host: str) -> bool:
    """Return whether a host name or IP address is neither this machine nor a service of a private network.

    Host names of services of Compose or Kubernetes have no dot.
    """
    return ("." in host or ":" in host) and not host.startswith(LOCAL_HOSTS)


@register()
def check_atomic_requests(**_kwargs: Any) -> list[CheckMessage]:
    """Forbid `ATOMIC_REQUESTS`: the error response would roll back the revocation after token reuse."""
    return [
        Error(f"DATABASES[{alias!r}]: ATOMIC_REQUESTS would roll back revoked sessions", id="core.E004")
        for alias, database in settings.DATABASES.items()
        if database.get("ATOMIC_REQUESTS")
    ]


@register()
def check_email_backend(**_kwargs: Any) -> list[CheckMessage]:
    """Check that the email backends can be imported, which processes do not do at start-up."""
    mailers = getattr(settings, "MAILERS", None) or {"default": {"BACKEND": settings.EMAIL_BACKEND}}
    try:
        for mailer in mailers.values():
            import_string(mailer["BACKEND"])
    except ImportError as error:
        return [Error(f"EMAIL_BACKEND: it cannot be imported: {error}", id="core.E005")]
    return []


@register(Tags.security, deploy=True)
def check_deployment(**_kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of settings that are unsafe in production; `SILENCED_SYSTEM_CHECKS` accepts them by ID."""
    if settings.NUM_PROXIES == 0:
        hint = (
            "Set the number of proxies in front: they are the client of every request, and share its limits."
        )
        yield Warning("NUM_PROXIES is 0.", hint=hint, id="core.W001")
    if settings.ADMIN_URL == "admin/":
        yield Warning("ADMIN_URL is the path that scanners try.", hint="Set another path.", id="core.W002")
    if not settings.SENTRY_DSN:
        yield Warning("SENTRY_DSN is not set.", hint="Set it, or errors are only in the log.", id="core.W003")
    if "Redis" not in settings.CACHES["default"]["BACKEND"]:
        hint = "Set it: without Redis each process counts the limits on requests by itself."
        yield Warning("REDIS_URL is not set.", hint=hint, id="core.W004")
    for alias, database in settings.DATABASES.items():
        if is_remote(database.get("HOST", "")) and database["OPTIONS"].get("sslmode") not in ENCRYPTED:
            hint = "Append ?sslmode=verify-full (or require) to its URL, or set PGSSLMODE."
            yield Warning(
                f"The database {alias!r} is remote and may be reached without TLS.", hint=hint, id="core.W005"
            )
