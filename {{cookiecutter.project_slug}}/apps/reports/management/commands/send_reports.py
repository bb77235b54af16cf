from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.reports.services.daily import daily_report_send


class Command(BaseCommand):
    help = "Mail the report on yesterday to REPORT_RECIPIENTS. A second run on the same day sends nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--day", type=date.fromisoformat, help="another day, such as 2026-01-31")

    def handle(self, *, day: date | None, **_options: Any) -> None:
        self.stdout.write(f"{daily_report_send(day=day)} mails queued.")
