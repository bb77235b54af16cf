"""Amounts of money: always `Decimal` in the one currency of the shop, minor units only for the provider.

https://docs.stripe.com/currencies#minor-units, https://docs.stripe.com/currencies#special-cases
"""

from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Currencies without minor unit: 500 yen are the amount 500, 5 euro are the amount 500 too.
ZERO_DECIMAL = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 - shorter than a list
)
# Without decimals too, but the provider still expects amounts in hundredths.
WHOLE = ZERO_DECIMAL | {"ISK", "UGX"}
ZERO = Decimal(0)
PRICE_DIGITS = 10
# A full cart of the greatest price, since amounts in some currencies are large.
TOTAL_DIGITS = 14


def rounded(amount: Decimal) -> Decimal:
    """Round to the smallest unit of the shop's currency, half up, with two decimals as stored."""
    unit = Decimal(1) if settings.SHOP_CURRENCY in WHOLE else Decimal("0.01")
    return amount.quantize(unit, ROUND_HALF_UP).quantize(Decimal("0.01"))


def validate_chargeable(amount: Decimal) -> None:
    if amount != rounded(amount):
        raise ValidationError(_("The currency has no decimals."), code="fraction")


def to_minor(amount: Decimal, currency: str) -> int:
    """Return an amount in the smallest unit of a currency.

    Raises:
        ValueError: the amount has a fraction of that unit.
    """
    scaled = amount if currency in ZERO_DECIMAL else amount * 100
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} {currency} has a fraction of the smallest unit.")
    return int(scaled)


def from_minor(amount: int, currency: str) -> Decimal:
    scaled = Decimal(amount) if currency in ZERO_DECIMAL else Decimal(amount) / 100
    return scaled.quantize(Decimal("0.01"))
