from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.users.services.accounts import user_purge_unverified


class Command(BaseCommand):
    help = "Delete accounts whose email was not verified within two weeks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        count = user_purge_unverified(dry_run=dry_run)
        self.stdout.write(f"{count} accounts {'to remove' if dry_run else 'removed'}.")
