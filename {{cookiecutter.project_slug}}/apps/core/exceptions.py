"""Errors of services, without HTTP; `apps.core.api.errors` converts them to responses.

For invalid input, services raise Django's `ValidationError`.
"""

from typing import Any


class DomainError(Exception):
    """Base of the errors that services raise."""

    message: Any
    code: str


class AuthenticationError(DomainError):
    """The credentials are invalid, or the account no longer exists (401)."""


class ForbiddenError(DomainError):
    """The user may not do this (403)."""


class LimitError(DomainError):
    """A limit of attempts is exceeded (429).

    Args:
        wait: the seconds until the next attempt.
    """

    def __init__(self, wait: float) -> None:
        super().__init__()
        self.wait = wait


class UnavailableError(DomainError):
    """A dependency is temporarily unavailable (503)."""
