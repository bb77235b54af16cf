"""Fill, merge and purge carts. Each function locks the cart, as the checkout does."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.shop.exceptions import InvalidInput
from apps.shop.models import Cart, CartItem, Coupon, Variant
from apps.shop.models.carts import MAX_ITEMS
from apps.shop.selectors import cart_by_token, coupon_is_usable
from apps.users.models import User

# Since the last change.
ANONYMOUS_KEPT = timedelta(days=30)


def cart_create() -> Cart:
    """Create a cart of an anonymous visitor."""
    return Cart.objects.create()


def cart_of_user(*, user: User) -> Cart:
    return Cart.objects.get_or_create(user=user)[0]


@transaction.atomic
def item_set(*, cart: Cart, variant_id: UUID, quantity: int) -> Cart:
    """Set the quantity of a variant; 0 removes it. Returns the current cart.

    Raises:
        ValidationError: the variant is not for sale, or the cart has too many items.
    """
    cart = _locked(cart)
    items = CartItem.objects.filter(cart=cart, variant=variant_id)
    if not quantity:
        items.delete()
    elif not Variant.objects.filter(pk=variant_id, is_active=True, product__is_active=True).exists():
        raise InvalidInput("variant", _("This product is not for sale."), "not_for_sale")
    elif not items.update(quantity=quantity):
        if cart.items.count() >= MAX_ITEMS:
            raise InvalidInput("variant", _("The cart is full."), "full")
        cart.items.create(variant_id=variant_id, quantity=quantity)
    return _touched(cart)


@transaction.atomic
def coupon_set(*, cart: Cart, code: str) -> Cart:
    """Set the coupon of a cart; an empty code removes it. Returns the current cart.

    Raises:
        ValidationError: there is no such coupon, or it cannot be used now.
    """
    cart = _locked(cart)
    coupon = Coupon.objects.filter(code=code.upper()).first() if code else None
    if code and (coupon is None or not coupon_is_usable(coupon, cart.user)):
        raise InvalidInput("code", _("This coupon is not valid."), "invalid")
    cart.coupon = coupon
    return _touched(cart)


@transaction.atomic
def cart_merge(*, user: User, token: str) -> Cart:
    """Move the content of an anonymous cart to that of the user; the greater quantity of a variant wins.

    A repeated call changes nothing, as the anonymous cart does not exist any more.
    """
    own, other = cart_of_user(user=user), cart_by_token(token)
    if other is None:
        return own
    # In a fixed order, against a deadlock of two merges.
    rows = Cart.objects.filter(pk__in=[own.pk, other.pk]).order_by("pk")
    locked = rows.select_for_update(no_key=True).in_bulk()
    if not {own.pk, other.pk} <= locked.keys():
        # Merged concurrently.
        return own
    own, other = locked[own.pk], locked[other.pk]
    quantities = dict(own.items.values_list("variant", "quantity"))
    for item in other.items.all():
        if item.variant_id in quantities:
            quantity = max(item.quantity, quantities[item.variant_id])
            own.items.filter(variant=item.variant_id).update(quantity=quantity)
        elif len(quantities) < MAX_ITEMS:
            quantities[item.variant_id] = item.quantity
            own.items.create(variant_id=item.variant_id, quantity=item.quantity)
    own.coupon = own.coupon or other.coupon
    other.delete()
    return _touched(own)


def carts_purge(*, dry_run: bool = False) -> int:
    """Delete old carts of anonymous visitors; returns their number."""
    old = Cart.objects.filter(user=None, updated_at__lt=timezone.now() - ANONYMOUS_KEPT)
    return old.count() if dry_run else old.delete()[1].get("shop.Cart", 0)


def _locked(cart: Cart) -> Cart:
    """Return the current row, locked until the end of the transaction."""
    locked = Cart.objects.select_for_update(no_key=True).filter(pk=cart.pk).first()
    if locked is None:
        # Merged concurrently.
        raise InvalidInput("cart", _("The cart does not exist any more."), "does_not_exist")
    return locked


def _touched(cart: Cart) -> Cart:
    """Save the coupon and the time of the change; a changed cart may be reminded of again."""
    cart.reminded_at = None
    cart.save(update_fields=["coupon", "reminded_at", "updated_at"])
    return cart
