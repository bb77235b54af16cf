import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import router, transaction
from django.db.models import Model
from import_export.results import Result
from tablib import Dataset

from apps.core.admin import CSVAdmin
from apps.core.admin.imports import columns_of, read_rows, resource_of
from apps.core.management.rows import RowsCommand

# Rows in memory.
CHUNK = 500
# Printed errors; all are counted.
MAX_ERRORS = 100


class Command(RowsCommand):
    help = "Import a CSV file with columns of the export of a model: all rows, or none if one is invalid."
    admin_class = CSVAdmin

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="path of the file, or - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="only check the rows and count them")

    def handle(self, *, model: str, file: str, dry_run: bool, **_options: Any) -> None:
        model_admin = self.model_admin(model)
        source = sys.stdin.fileno() if file == "-" else Path(file)
        try:
            with open(source, encoding="utf-8-sig", newline="", closefd=file != "-") as lines:
                counts = self.import_all(model_admin, lines, dry_run=dry_run)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except OSError as error:
            raise CommandError(str(error)) from error
        finally:
            self.show_progress("")
        invalid = counts["invalid"] + counts["error"]
        self.stdout.write(
            f"{counts['new']} new, {counts['update']} changed, {counts['skip']} unchanged, {invalid} invalid."
        )
        if invalid:
            raise CommandError("Nothing was imported, because rows are invalid.")
        if dry_run:
            self.stdout.write("Nothing was imported (--dry-run).")

    def import_all(self, model_admin: CSVAdmin, lines: Iterable[str], *, dry_run: bool) -> Counter[str]:
        """Import the rows in one transaction and return their numbers by type of the import."""
        rows = read_rows(lines, list(columns_of(model_admin)))
        _line, header = next(rows)
        model = model_admin.model
        resource = resource_of(model_admin, html_diff=False)(model._default_manager.all())  # noqa: SLF001 - documented
        counts: Counter[str] = Counter()
        errors = 0
        with transaction.atomic(using=router.db_for_write(model)):
            while chunk := list(islice(rows, CHUNK)):
                result = resource.import_data(Dataset(*(cells for _, cells in chunk), headers=header))
                for number, message in _errors(result, model):
                    errors += 1
                    if errors <= MAX_ERRORS:
                        self.show_progress("")
                        self.stderr.write(f"line {chunk[number - 1][0]}, {message}")
                counts.update(result.totals)
                self.show_progress(f"{counts.total()} rows")
            if dry_run or errors:
                transaction.set_rollback(True, using=router.db_for_write(model))
        return counts


def _errors(result: Result, model: type[Model]) -> Iterator[tuple[int, str]]:
    """Yield the number of the row, the column and the message of each error."""
    names = {field.name: field.attname for field in model._meta.concrete_fields}  # noqa: SLF001 - documented
    for error in result.base_errors:
        raise CommandError(str(error.error))
    for row in result.invalid_rows:
        for name, found in row.error_dict.items():
            column = "" if name == NON_FIELD_ERRORS else f"{names.get(name, name)}: "
            yield row.number, f"{column}{' '.join(found)}"
    for row in result.error_rows:
        yield row.number, str(row.errors[0].error)
