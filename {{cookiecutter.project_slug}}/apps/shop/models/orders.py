"""Orders and refunds. Prices and names are copies, so that later changes of the catalog do not alter them."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStampedModel, UUIDModel
from apps.shop.models.catalog import Variant, price_field
from apps.shop.models.coupons import Coupon
from apps.shop.money import TOTAL_DIGITS


class Order(UUIDModel, TimeStampedModel):
    """Order with its payment. The services change the status, see `services/states.py`."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Awaiting payment")
        PAID = "paid", _("Paid")
        SHIPPED = "shipped", _("Shipped")
        COMPLETED = "completed", _("Completed")
        CANCELED = "canceled", _("Canceled")
        REFUNDED = "refunded", _("Refunded")

    # Empty after the account was deleted, as the contact data is.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.SET_NULL,
        related_name="shop_orders",
        null=True,
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    address = models.TextField(_("address"), max_length=500, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    currency = models.CharField(_("currency"), max_length=3)
    subtotal = price_field(_("subtotal"), max_digits=TOTAL_DIGITS)
    discount = price_field(_("discount"), max_digits=TOTAL_DIGITS, default=Decimal(0))
    total = price_field(_("total"), max_digits=TOTAL_DIGITS)
    tax = price_field(_("included tax"), max_digits=TOTAL_DIGITS)
    refunded = models.DecimalField(
        _("refunded amount"), max_digits=TOTAL_DIGITS, decimal_places=2, default=Decimal(0), editable=False
    )
    coupon = models.ForeignKey(
        Coupon, verbose_name=_("coupon"), on_delete=models.PROTECT, related_name="orders", null=True
    )
    variants = models.ManyToManyField(Variant, through="OrderLine", related_name="+")
    # Of the checkout: a repeated request with this key returns this order.
    idempotency_key = models.CharField(max_length=80, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    # The name of the provider, and its id of the payment; empty until the payment was started.
    provider = models.CharField(_("payment provider"), max_length=20)
    payment_reference = models.CharField(_("payment reference"), max_length=255, blank=True)
    expires_at = models.DateTimeField(_("payable until"))
    paid_at = models.DateTimeField(_("paid at"), null=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-created_at", "-id")
        permissions = [("manage_order", "Can ship, complete, cancel and refund orders")]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="shop_order_own"),
            models.Index(fields=["-created_at", "-id"], name="shop_order_newest"),
            # For `reconcile_orders`.
            models.Index(fields=["expires_at"], condition=Q(status="pending"), name="shop_order_open"),
            # For the limits of a coupon.
            models.Index(
                fields=["coupon", "user"], condition=~Q(status="canceled"), name="shop_order_coupon"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="shop_order_once"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("total"), discount__lte=F("subtotal")),
                name="shop_order_amounts",
            ),
        ]

    def __str__(self) -> str:
        # Kept in the admin log even after deletion: no personal data.
        return self.number

    @property
    def number(self) -> str:
        """Return the number for customers: the beginning of the primary key, by which the admin finds it."""
        return str(self.pk)[:13].upper()

    @property
    def refundable(self) -> Decimal:
        return self.total - self.refunded


class OrderLine(UUIDModel):
    order = models.ForeignKey(Order, verbose_name=_("order"), on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(
        Variant, verbose_name=_("variant"), on_delete=models.PROTECT, related_name="+"
    )
    sku = models.CharField(_("SKU"), max_length=40)
    name = models.CharField(_("name"), max_length=210)
    price = price_field(_("price including tax"))
    tax_rate = models.DecimalField(_("tax rate in percent"), max_digits=4, decimal_places=2)
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    returned = models.PositiveSmallIntegerField(_("returned"), default=0)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ("sku",)
        constraints = [
            models.CheckConstraint(condition=Q(returned__lte=F("quantity")), name="shop_line_returned")
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity

    @property
    def left(self) -> int:
        """Return the number of items that were not returned."""
        return self.quantity - self.returned


class Refund(UUIDModel, TimeStampedModel):
    """Refund of an order. `pending` ones are sent to the provider, with their id as idempotency key."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")

    order = models.ForeignKey(
        Order, verbose_name=_("order"), on_delete=models.PROTECT, related_name="refunds"
    )
    amount = price_field(_("amount"), max_digits=TOTAL_DIGITS)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    # The provider's id.
    reference = models.CharField(_("reference"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["created_at"], condition=Q(status="pending"), name="shop_refund_open")
        ]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="shop_refund_amount")]

    def __str__(self) -> str:
        return str(self.pk)
