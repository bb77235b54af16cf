from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from infrastructure.durable_tasks.services.deadletters import deadletter_purge
from infrastructure.durable_tasks.services.idempotency_keys import idempotency_key_purge


class Command(BaseCommand):
    help = "Delete expired dead letters and idempotency keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        letters, keys = deadletter_purge(dry_run=dry_run), idempotency_key_purge(dry_run=dry_run)
        verb = "to remove" if dry_run else "removed"
        self.stdout.write(f"{letters} dead letters and {keys} idempotency keys {verb}.")
