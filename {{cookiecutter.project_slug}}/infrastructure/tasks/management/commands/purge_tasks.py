from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from infrastructure.tasks.services.deadletters import deadletter_purge
from infrastructure.tasks.services.receipts import receipt_purge


class Command(BaseCommand):
    help = "Delete expired dead letters and idempotency keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        letters, receipts = deadletter_purge(dry_run=dry_run), receipt_purge(dry_run=dry_run)
        verb = "to remove" if dry_run else "removed"
        self.stdout.write(f"{letters} dead letters and {receipts} receipts {verb}.")
