from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from apps.core.checks import is_remote
from tools.development import seed, welcome


class Command(BaseCommand):
    help = "Create sample data of all apps and an account for development."

    def handle(self, **_options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Sample data is for development: use config.settings.development.")
        if is_remote(connection.settings_dict["HOST"]):
            raise CommandError("Sample data is for development: DATABASE_URL names a server in a network.")
        created: Counter[str] = Counter()
        for row in seed.seed():
            created[row._meta.label] += 1
            if self.stderr.isatty():
                self.stderr.write(f"\r{created.total()} rows", style_func=str, ending="")
        if self.stderr.isatty():
            self.stderr.write("\r\033[K", style_func=str, ending="")
        for label, count in created.items():
            self.stdout.write(f"{label}: {count}")
        if not created:
            self.stdout.write("The sample data exists already.")
        if welcome.development_account():
            self.stdout.write(f"Log in as {welcome.EMAIL} with the password {welcome.PASSWORD}")
