from typing import Any

from django.core.management.base import BaseCommand

from apps.notifications.digests import digests_send_due


class Command(BaseCommand):
    help = "Send notifications that waited for a digest or for the end of quiet hours, each once."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"{digests_send_due()} digests sent.")
