"""Personal data of deleted accounts. Orders are kept for the accounts, without the customer."""

from django.db import transaction

from apps.shop.models import Cart, Order
from apps.users.models import User


@transaction.atomic
def user_data_remove(*, user: User) -> None:
    """Delete the cart and anonymize the orders; those that must be shipped keep the address until then."""
    Cart.objects.filter(user=user).delete()
    Order.objects.filter(user=user).update(user=None)
    orders_anonymize()


def orders_anonymize() -> int:
    """Remove names and addresses from orders of deleted accounts that need not be shipped any more."""
    orders = Order.objects.filter(user=None).exclude(address="", name="")
    return orders.exclude(status__in=[Order.Status.PENDING, Order.Status.PAID]).update(address="", name="")
