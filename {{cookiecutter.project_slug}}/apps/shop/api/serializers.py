"""Input and output serializers of the shop API. Amounts are decimal texts in the currency of the shop."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer
from apps.shop.models import Category, Order, OrderLine, Product, Variant
from apps.shop.models.carts import MAX_QUANTITY
from apps.shop.money import TOTAL_DIGITS

MAX_LINES = 50


def amount_field(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=TOTAL_DIGITS, decimal_places=2, min_value=Decimal(0), **options
    )


class ProductCategoryOutput(OutputSerializer):
    class Meta:
        model = Category
        fields: list[str] = ["slug", "name"]


class VariantOutput(OutputSerializer):
    net_price = amount_field(read_only=True)
    tax = amount_field(read_only=True)
    in_stock = serializers.BooleanField(source="stock", read_only=True)

    class Meta:
        model = Variant
        fields: list[str] = ["id", "sku", "name", "price", "net_price", "tax", "tax_rate", "in_stock"]


class ProductOutput(OutputSerializer):
    category = ProductCategoryOutput(read_only=True, allow_null=True)
    variants = VariantOutput(many=True, read_only=True)

    class Meta:
        model = Product
        fields: list[str] = ["id", "slug", "name", "description", "category", "variants"]


class CartItemOutput(serializers.Serializer[Any]):
    variant = serializers.UUIDField(source="variant_id")
    sku = serializers.CharField(source="variant.sku")
    product = serializers.CharField(source="variant.product.name")
    name = serializers.CharField(source="variant.name")
    price = amount_field(source="variant.price")
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class CartOutput(serializers.Serializer[Any]):
    """A cart with current prices. Items that are not for sale any more are omitted."""

    items = CartItemOutput(many=True)
    currency = serializers.CharField()
    subtotal = amount_field()
    discount = amount_field()
    total = amount_field()
    coupon = serializers.CharField(source="coupon.code", default=None, allow_null=True)


class CartTokenOutput(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Send it in the header `X-Cart-Token`.")


class QuantityInput(serializers.Serializer[Any]):
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class CouponInput(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40)


class MergeInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200, help_text="Token of the anonymous cart.")


class CheckoutInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    address = serializers.CharField(max_length=500)
    total = amount_field(help_text="The total of the cart that the customer agreed to.")


class OrderLineOutput(OutputSerializer):
    class Meta:
        model = OrderLine
        fields: list[str] = ["id", "variant", "sku", "name", "price", "tax_rate", "quantity", "returned"]


class OrderOutput(OutputSerializer):
    lines = OrderLineOutput(many=True, read_only=True)
    coupon = serializers.SlugRelatedField[Any](slug_field="code", read_only=True, allow_null=True)

    class Meta:
        model = Order
        fields: list[str] = [
            *("id", "number", "status", "currency", "subtotal", "discount", "total", "tax", "refunded"),
            *("coupon", "name", "address", "lines", "created_at", "expires_at", "paid_at"),
        ]


class PaymentOutput(serializers.Serializer[Any]):
    provider = serializers.CharField()
    client_secret = serializers.CharField(help_text="For the payment form of the provider.")


class RefundInput(serializers.Serializer[Any]):
    amount = amount_field(required=False, help_text="By default, the amount that is not refunded yet.")


class ReturnLineInput(serializers.Serializer[Any]):
    line = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class ReturnInput(serializers.Serializer[Any]):
    lines = serializers.ListField(child=ReturnLineInput(), min_length=1, max_length=MAX_LINES)
