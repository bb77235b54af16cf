from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.users.services.sessions import failure_purge


class Command(BaseCommand):
    help = "Delete expired failed logins, which lock out no account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        count = failure_purge(dry_run=dry_run)
        self.stdout.write(f"{count} failed logins {'to remove' if dry_run else 'removed'}.")
