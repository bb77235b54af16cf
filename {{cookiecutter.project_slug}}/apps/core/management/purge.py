"""Base class of the `purge_*` commands."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class PurgeCommand(BaseCommand):
    """Command that deletes expired rows; `purge` returns their number."""

    rows: str
    purge: Callable[..., int]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only print how many rows there are")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        count = self.purge(dry_run=dry_run)
        self.stdout.write(f"{count} {self.rows} {'to remove' if dry_run else 'removed'}.")
