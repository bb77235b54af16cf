"""Periodic emails: low stock for staff, abandoned carts for customers. Concurrent runs send each once."""

from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.core.mail import mail_queue
from apps.shop.models import Cart, Variant

# After the time of the reminder. Older carts are not reminded of, also if reminders were switched on later.
REMIND_WITHIN = timedelta(days=7)

logger = structlog.get_logger(__name__)


@transaction.atomic
def low_stock_alert() -> int:
    """Report variants whose stock has become low, each once until it is restocked; return their number."""
    restocked = Q(low_stock_alerted=True, stock__gt=F("low_stock"))
    low = Q(is_active=True, low_stock_alerted=False, stock__lte=F("low_stock"))
    # In the order in which the checkout locks variants, against a deadlock.
    changed = list(Variant.objects.filter(restocked | low).select_for_update(no_key=True).order_by("pk"))
    rows = Variant.objects.filter(pk__in=[variant.pk for variant in changed])
    rows.update(low_stock_alerted=~F("low_stock_alerted"))
    variants = [variant for variant in changed if not variant.low_stock_alerted]
    if variants:
        logger.warning("stock_low", skus=[variant.sku for variant in variants])
        if settings.SHOP_ALERT_EMAIL:
            keys = [str(variant.pk) for variant in variants]
            transaction.on_commit(partial(mail_queue, "shop.stock", variant_ids=keys))
    return len(variants)


def carts_remind() -> int:
    """Remind users of carts that they have not changed for `SHOP_CART_REMINDER_HOURS`; return the number."""
    hours = settings.SHOP_CART_REMINDER_HOURS
    if not hours:
        return 0
    due = timezone.now() - timedelta(hours=hours)
    abandoned = Cart.objects.filter(
        user__is_active=True,
        reminded_at=None,
        items__isnull=False,
        updated_at__range=(due - REMIND_WITHIN, due),
    )
    return sum(_remind(cart) for cart in abandoned.distinct().iterator())


@transaction.atomic
def _remind(cart: Cart) -> bool:
    """Remind of one cart; returns False if another run did, or if it was changed since."""
    unchanged = Cart.objects.filter(pk=cart.pk, reminded_at=None, updated_at=cart.updated_at)
    if not unchanged.update(reminded_at=timezone.now()):
        return False
    transaction.on_commit(partial(mail_queue, "shop.cart", cart_id=str(cart.pk)))
    return True
