from contextlib import nullcontext
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.core.admin import csv_lines
from apps.core.management.rows import RowsCommand

PROGRESS_EVERY = 1000


class Command(RowsCommand):
    help = "Write the rows of a model as CSV, with the columns `export_fields` of its admin."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", type=Path, metavar="FILE", help="instead of standard output")
        parser.add_argument("--field", action="append", help="only this column; may be repeated")

    def handle(self, *, model: str, output: Path | None, field: list[str] | None, **_options: Any) -> None:
        model_admin = self.model_admin(model)
        columns = model_admin.export_fields
        for name in field or ():
            if name not in columns:
                nearest = ", ".join(get_close_matches(name, columns, n=1) or columns)
                raise CommandError(f"Unknown column {name}. Did you mean: {nearest}?")
        queryset = model_admin.model._default_manager.order_by("pk")  # noqa: SLF001 - documented
        try:
            file = output.open("w", encoding="utf-8", newline="") if output else nullcontext(self.stdout)
            with file as target:
                for number, line in enumerate(csv_lines(queryset, field or columns)):
                    target.write(line)
                    if number % PROGRESS_EVERY == 0:
                        self.show_progress(f"{number} rows")
        except OSError as error:
            raise CommandError(str(error)) from error
        self.show_progress("")
