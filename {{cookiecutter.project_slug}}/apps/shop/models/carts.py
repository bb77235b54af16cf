from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStampedModel, UUIDModel
from apps.shop.models.catalog import Variant
from apps.shop.models.coupons import Coupon

MAX_ITEMS = 50
MAX_QUANTITY = 100


class Cart(UUIDModel, TimeStampedModel):
    """Cart of a user, or of an anonymous visitor with a signed token."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.CASCADE,
        related_name="shop_cart",
        null=True,
    )
    coupon = models.ForeignKey(
        Coupon, verbose_name=_("coupon"), on_delete=models.SET_NULL, related_name="+", null=True
    )
    # So that the export of an account has the content.
    variants = models.ManyToManyField(Variant, through="CartItem", related_name="+")
    reminded_at = models.DateTimeField(_("reminded at"), null=True, editable=False)

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ("-updated_at", "-id")
        indexes = [models.Index(fields=["updated_at"], name="shop_cart_updated")]

    def __str__(self) -> str:
        return str(self.pk)


class CartItem(UUIDModel):
    cart = models.ForeignKey(Cart, verbose_name=_("cart"), on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(
        Variant, verbose_name=_("variant"), on_delete=models.CASCADE, related_name="+"
    )
    quantity = models.PositiveSmallIntegerField(
        _("quantity"), validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )

    class Meta:
        verbose_name = _("cart item")
        verbose_name_plural = _("cart items")
        ordering = ("variant__sku",)
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="shop_cart_item_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY), name="shop_cart_item_quantity"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
