"""Signal of the shop for other apps, sent in the transaction of the change."""

from django.dispatch import Signal

# Sent with `order` after each change of its status, exactly once.
order_moved = Signal()
