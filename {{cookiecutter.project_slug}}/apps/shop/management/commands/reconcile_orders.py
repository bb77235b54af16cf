from typing import Any

from django.core.management.base import BaseCommand

from apps.shop.services.accounts import orders_anonymize
from apps.shop.services.payments import orders_reconcile


class Command(BaseCommand):
    help = "Find payments without an event, cancel unpaid orders, send pending refunds."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"{orders_reconcile()} orders changed.")
        orders_anonymize()
