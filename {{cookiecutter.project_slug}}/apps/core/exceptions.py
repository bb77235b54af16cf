"""Errors of services, without HTTP; `apps.core.api.errors` converts them to responses.

For invalid input, services raise Django's `ValidationError`.
"""

from typing import Any


class DomainError(Exception):
    """Base of the errors that services raise; without a message, responses have that of the framework."""

    message: Any = None
    code: str | None = None


class AuthenticationError(DomainError):
    """The credentials are invalid, or the account no longer exists (401)."""


class ForbiddenError(DomainError):
    """The user may not do this (403)."""


class NotFoundError(DomainError):
    """The object does not exist, perhaps since a concurrent deletion (404)."""


class ConflictError(DomainError):
    """The state of the object does not allow this, perhaps since a concurrent change (409)."""


class LimitError(DomainError):
    """A limit of attempts is exceeded (429); `wait` are the seconds until the next attempt."""

    wait: float


class UnavailableError(DomainError):
    """A dependency is temporarily unavailable (503); `wait` are the seconds until a retry, if known."""

    def __init__(self, *args: object, wait: float | None = None) -> None:
        super().__init__(*args)
        self.wait = wait
