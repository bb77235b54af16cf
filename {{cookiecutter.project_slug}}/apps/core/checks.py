"""Checks of our own settings, beside Django's: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.core.throttling import parse_rates


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
