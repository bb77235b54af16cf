"""Categories, products and their variants, which have price and stock."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from apps.core.models import SluggedModel, TimeStampedModel, UUIDModel
from apps.shop.money import PRICE_DIGITS, validate_chargeable


def price_field(
    name: Any, *, max_digits: int = PRICE_DIGITS, **options: Any
) -> models.DecimalField[Decimal, Decimal]:
    validators: list[Any] = [MinValueValidator(0), validate_chargeable]
    return models.DecimalField(
        name, max_digits=max_digits, decimal_places=2, validators=validators, **options
    )


class Category(UUIDModel, TimeStampedModel, SluggedModel):
    slug_source = "name"

    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("name", "id")
        indexes = [models.Index(fields=["name", "id"], name="shop_category_name")]

    def __str__(self) -> str:
        return self.name


class Product(UUIDModel, TimeStampedModel, SluggedModel):
    slug_source = "name"

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), max_length=5_000, blank=True)
    category = models.ForeignKey(
        Category,
        verbose_name=_("category"),
        on_delete=models.SET_NULL,
        related_name="products",
        null=True,
        blank=True,
    )
    is_active = models.BooleanField(_("for sale"), default=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("name", "id")
        indexes = [
            models.Index(fields=["name", "id"], condition=Q(is_active=True), name="shop_product_name"),
            models.Index(fields=["-created_at", "-id"], name="shop_product_newest"),
        ]

    def __str__(self) -> str:
        return self.name


# The whole amounts times 1.0 are floating-point numbers in SQLite, which would divide integers without
# remainder. Their quotient is rounded to whole minor units: exact, since halves have an exact binary form.
_NET = (
    Round(
        models.ExpressionWrapper(
            Round(F("price") * Value(100)) * Value(100.0) / (Value(100) + F("tax_rate")),
            output_field=models.FloatField(),
        )
    )
    / 100
)


class Variant(UUIDModel, TimeStampedModel):
    """Variant of a product, such as a size. The database computes the tax that its price includes."""

    product = models.ForeignKey(
        Product, verbose_name=_("product"), on_delete=models.PROTECT, related_name="variants"
    )
    sku = models.CharField(_("SKU"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80, help_text=_("Such as a size or color."))
    price = price_field(_("price including tax"))
    tax_rate = models.DecimalField(
        _("tax rate in percent"),
        max_digits=4,
        decimal_places=2,
        default=Decimal(19),
        validators=[MinValueValidator(0), MaxValueValidator(99)],
    )
    net_price = models.GeneratedField(
        verbose_name=_("net price"),
        expression=_NET,
        output_field=models.DecimalField(max_digits=PRICE_DIGITS, decimal_places=2),
        db_persist=True,
    )
    # PostgreSQL: a generated column cannot refer to another one.
    tax = models.GeneratedField(
        verbose_name=_("included tax"),
        expression=F("price") - _NET,
        output_field=models.DecimalField(max_digits=PRICE_DIGITS, decimal_places=2),
        db_persist=True,
    )
    stock = models.PositiveIntegerField(_("stock"), default=0)
    low_stock = models.PositiveIntegerField(
        _("low stock"), default=5, help_text=_("An alert is sent when the stock is not above this number.")
    )
    low_stock_alerted = models.BooleanField(default=False, editable=False)
    is_active = models.BooleanField(_("for sale"), default=True)

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ("sku",)
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0, tax_rate__gte=0), name="shop_variant_price"),
        ]

    def __str__(self) -> str:
        return self.sku
