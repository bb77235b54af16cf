from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import factory
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.shop.models import Cart, CartItem, Category, Coupon, Order, Product, Variant
from apps.shop.payments import Payment
from apps.shop.selectors import cart_quote
from apps.shop.services.carts import cart_of_user, item_set
from apps.shop.services.checkout import order_checkout
from apps.shop.services.payments import payment_confirm
from apps.users.models import User
from apps.users.tests.factories import UserFactory

ADDRESS = "1 Example Street\nExample Town"


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category

    name = factory.Sequence(lambda number: f"Category {number}.")


class ProductFactory(DjangoModelFactory[Product]):
    class Meta:
        model = Product

    name = factory.Sequence(lambda number: f"Product {number}.")
    category = factory.SubFactory(CategoryFactory)


class VariantFactory(DjangoModelFactory[Variant]):
    class Meta:
        model = Variant

    product = factory.SubFactory(ProductFactory)
    sku = factory.Sequence(lambda number: f"SKU-{number}.")
    name = "Medium"
    price = Decimal("11.90")
    stock = 10


class CouponFactory(DjangoModelFactory[Coupon]):
    """A coupon of 10 percent, without limits."""

    class Meta:
        model = Coupon

    code = factory.Sequence(lambda number: f"COUPON-{number}")
    value = Decimal(10)
    user_limit = None


class CartFactory(DjangoModelFactory[Cart]):
    """The cart of a user with one item."""

    class Meta:
        model = Cart
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    item = factory.RelatedFactory("apps.shop.tests.factories.CartItemFactory", factory_related_name="cart")


class CartItemFactory(DjangoModelFactory[CartItem]):
    class Meta:
        model = CartItem

    cart = factory.SubFactory(CartFactory, item=None)
    variant = factory.SubFactory(VariantFactory)
    quantity = 1


def order_of(user: User, *variants: Variant, quantity: int = 1, key: str = "key", code: str = "") -> Order:
    """Order variants, as the API does."""
    cart = cart_of_user(user=user)
    for variant in variants or [VariantFactory.create()]:
        item_set(cart=cart, variant_id=variant.pk, quantity=quantity)
    if code:
        cart.coupon = Coupon.objects.get(code=code)
        cart.save()
    order, _created = order_checkout(
        user=user, idempotency_key=key, name="Ada", address=ADDRESS, total=cart_quote(cart).total
    )
    return order


def payment_of(order: Order, status: str = "succeeded") -> Payment:
    reference = order.payment_reference or f"{order.pk}:{order.total}:{order.currency}"
    return Payment(str(order.pk), reference, status, order.total, order.currency)


def paid_order_of(user: User, *variants: Variant, quantity: int = 1, code: str = "") -> Order:
    order = order_of(user, *variants, quantity=quantity, code=code)
    payment_confirm(payment=payment_of(order))
    order.refresh_from_db()
    return order


def seed(account: User) -> Iterator[Model]:
    """Create a catalog, coupons, and orders of the account for `make seed`."""
    if Order.objects.filter(user=account).exists():
        return
    clothes, kitchen = (CategoryFactory.create(name=name) for name in ("Clothes", "Kitchen"))
    yield from (clothes, kitchen)
    variants = []
    for category, name, price in (
        (clothes, "T-shirt", "19.90"),
        (clothes, "Hoodie", "49.00"),
        (kitchen, "Mug", "9.50"),
        (kitchen, "Lunch box", "24.00"),
    ):
        product = ProductFactory.create(category=category, name=name, description=f"{name} with the logo.")
        yield product
        for number, size in enumerate(("Small", "Large")):
            sku = f"{product.slug}-{size}".upper()
            variant = VariantFactory.create(
                product=product, sku=sku, name=size, price=Decimal(price) + 2 * number, stock=3 + 20 * number
            )
            variants.append(variant)
            yield variant
    until = timezone.now() + timedelta(days=365)
    yield CouponFactory.create(code="WELCOME", user_limit=1, valid_until=until)
    yield CouponFactory.create(code="FIVE", kind=Coupon.Kind.AMOUNT, value=Decimal(5), usage_limit=100)
    yield order_of(account, variants[1], key="seed-1")
    paid = order_of(account, variants[3], variants[5], key="seed-2", code="WELCOME")
    payment_confirm(payment=payment_of(paid))
    yield paid
