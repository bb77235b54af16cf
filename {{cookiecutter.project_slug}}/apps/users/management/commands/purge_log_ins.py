from typing import Any

from django.core.management.base import BaseCommand

from apps.users.services.sessions import session_purge


class Command(BaseCommand):
    help = "Remove what is left of log-ins whose last token has expired."

    def handle(self, **_options: Any) -> None:
        self.stdout.write(f"{session_purge()} log-ins removed.")
