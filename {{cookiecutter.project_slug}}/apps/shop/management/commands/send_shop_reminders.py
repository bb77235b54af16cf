from typing import Any

from django.core.management.base import BaseCommand

from apps.shop.services.alerts import carts_remind, low_stock_alert


class Command(BaseCommand):
    help = "Send alerts of low stock and reminders of abandoned carts, each once."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"{low_stock_alert()} variants low, {carts_remind()} carts reminded of.")
