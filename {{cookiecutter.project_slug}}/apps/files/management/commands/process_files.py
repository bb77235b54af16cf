from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.files.services.processing import files_process


class Command(BaseCommand):
    help = "Process files of the last day whose task was lost or failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", dest="everything", help="Also older files.")

    def handle(self, *, everything: bool, **_options: Any) -> None:
        self.stdout.write(f"{files_process(everything=everything)} files processed.")
