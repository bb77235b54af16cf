from apps.core.management.purge import PurgeCommand
from apps.shop.services.carts import carts_purge


class Command(PurgeCommand):
    help = "Delete old carts of anonymous visitors."
    rows = "carts"
    purge = staticmethod(carts_purge)
