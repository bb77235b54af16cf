from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from infrastructure.durable_tasks.services.deadletters import deadletter_replay_unpublished


class Command(BaseCommand):
    help = "Replay the tasks that could not be queued while the broker was unavailable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        count = deadletter_replay_unpublished(dry_run=dry_run)
        self.stdout.write(f"{count} tasks {'to queue' if dry_run else 'queued'}.")
