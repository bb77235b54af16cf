"""Errors of the shop; `apps.core.api.errors` and the views convert them to responses."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.exceptions import ConflictError, DomainError, UnavailableError


class WrongState(ConflictError):
    """The order is in a status in which this is not possible, perhaps since a moment ago."""

    message = _("This is not possible in the current status of the order.")
    code = "wrong_state"


class InvalidInput(ValidationError):
    """Error of one field."""

    def __init__(self, field: str, message: object, code: str) -> None:
        super().__init__({field: ValidationError(str(message), code=code)})


class PricesChanged(ConflictError):
    """The total differs from the one that the customer saw."""

    message = _("The total of the cart has changed. Check the cart and confirm the new total.")
    code = "prices_changed"


class InvalidEvent(DomainError):
    """A webhook request is not from the payment provider (400)."""


class PaymentRefused(ConflictError):
    """The provider refuses a request permanently, such as an amount below its minimum."""

    message = _("The payment provider refuses this request.")
    code = "payment_refused"


class PaymentInProgress(UnavailableError):
    """The payment can neither be canceled nor has it succeeded yet, such as a bank transfer for days."""
