from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.notifications.services import notification_purge


class Command(BaseCommand):
    help = "Remove notifications that were read more than 90 days ago."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        count = notification_purge(dry_run=dry_run)
        self.stdout.write(f"{count} notifications {'to remove' if dry_run else 'removed'}.")
