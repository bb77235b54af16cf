"""Checks of our own settings, beside Django's: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.core.throttling import parse_rates

TAKEN_PATHS = ("api/", "health/", "static/")


@register()
def check_throttle_rates(**_kwargs: Any) -> list[CheckMessage]:
    """A limit that cannot be read is found before the first request, not by it."""
    errors: list[CheckMessage] = []
    for scope, rates in settings.THROTTLE_RATES.items():
        try:
            parse_rates(rates)
        except ValueError as error:
            errors.append(Error(f"THROTTLE_{scope.upper()}: {error}", id="core.E001"))
    return errors


@register()
def check_admin_url(**_kwargs: Any) -> list[CheckMessage]:
    """The admin comes first among the routes: it must not hide others."""
    if settings.ADMIN_URL == "/" or settings.ADMIN_URL.startswith(TAKEN_PATHS):
        message = f"ADMIN_URL: {settings.ADMIN_URL!r} hides other routes, a good one: admin/"
        return [Error(message, id="core.E002")]
    return []


@register()
def check_num_proxies(**_kwargs: Any) -> list[CheckMessage]:
    if settings.NUM_PROXIES < 0:
        return [Error("NUM_PROXIES: it counts the proxies in front, so it is 0 or more", id="core.E003")]
    return []


@register()
def check_atomic_requests(**_kwargs: Any) -> list[CheckMessage]:
    """A refusal must not undo what it comes with: a token that is spent twice ends its log-in."""
    return [
        Error(f"DATABASES[{alias!r}]: ATOMIC_REQUESTS would undo the end of a stolen log-in", id="core.E004")
        for alias, database in settings.DATABASES.items()
        if database.get("ATOMIC_REQUESTS")
    ]
