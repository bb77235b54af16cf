from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStampedModel, UUIDModel
from apps.shop.money import rounded


class Coupon(UUIDModel, TimeStampedModel):
    """Discount on an order. Its uses are counted on the orders that are not canceled."""

    class Kind(models.TextChoices):
        PERCENT = "percent", _("Percent")
        AMOUNT = "amount", _("Amount")

    code = models.CharField(
        _("code"), max_length=40, unique=True, validators=[RegexValidator(r"\A[A-Z0-9-]+\Z")]
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.PERCENT)
    value = models.DecimalField(
        _("value"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    usage_limit = models.PositiveIntegerField(_("maximum number of uses"), null=True, blank=True)
    user_limit = models.PositiveIntegerField(
        _("maximum number of uses per customer"), null=True, blank=True, default=1
    )

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(
                condition=Q(value__gt=0) & (Q(kind="amount") | Q(value__lte=100)), name="shop_coupon_value"
            )
        ]

    def __str__(self) -> str:
        return self.code

    def discount_on(self, subtotal: Decimal) -> Decimal:
        """Return the discount, at most the subtotal."""
        if self.kind == self.Kind.PERCENT:
            return rounded(subtotal * self.value / 100)
        return min(rounded(self.value), subtotal)

    def clean_fields(self, exclude: Any = None) -> None:
        self.code = self.code.upper()
        super().clean_fields(exclude)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.code = self.code.upper()
        super().save(*args, **kwargs)
