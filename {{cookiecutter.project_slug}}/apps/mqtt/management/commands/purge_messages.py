from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.mqtt.services.messages import messages_purge


class Command(BaseCommand):
    help = "Delete messages of devices and commands older than MQTT_MESSAGES_KEPT_DAYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count them.")

    def handle(self, *, dry_run: bool, **_options: Any) -> None:
        count = messages_purge(dry_run=dry_run)
        self.stdout.write(f"{count} rows {'would be deleted' if dry_run else 'deleted'}.")
