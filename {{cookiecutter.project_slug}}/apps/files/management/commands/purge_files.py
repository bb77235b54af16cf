from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.files.services.cleanup import orphans_delete, uploads_purge
from apps.files.services.shares import downloads_purge


class Command(BaseCommand):
    help = (
        "Delete expired uploads, old entries of the download log, and blobs older than a day that belong "
        "to no file; fails if one cannot be deleted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count them.")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        verb = "would be deleted" if dry_run else "deleted"
        self.stdout.write(f"{uploads_purge(dry_run=dry_run)} expired uploads {verb}.")
        self.stdout.write(f"{downloads_purge(dry_run=dry_run)} entries of the download log {verb}.")
        found = orphans_delete(dry_run=dry_run)
        self.stdout.write(f"{found.deleted} orphaned blobs {verb}, {found.missing} files without blob.")
        if found.failed:
            raise CommandError(f"{found.failed} blobs could not be deleted, see blob_not_deleted in the log.")
