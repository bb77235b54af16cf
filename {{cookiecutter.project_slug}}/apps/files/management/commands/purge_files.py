from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.files.services import strays_remove


class Command(BaseCommand):
    help = "Delete blobs older than a day that belong to no file; fails if one cannot be deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say how many there are.")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        found = strays_remove(dry_run=dry_run)
        verb = "would be removed" if dry_run else "removed"
        self.stdout.write(f"{found.removed} objects {verb}, {found.missing} files without object.")
        if found.failed:
            raise CommandError(f"{found.failed} objects could not be looked at or removed; the log says why.")
