from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.users.services.sessions import session_purge


class Command(BaseCommand):
    help = "Delete expired sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        count = session_purge(dry_run=dry_run)
        self.stdout.write(f"{count} sessions {'to remove' if dry_run else 'removed'}.")
