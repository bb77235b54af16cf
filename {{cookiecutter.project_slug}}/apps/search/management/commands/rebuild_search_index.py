from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.search.registry import SOURCES
from apps.search.services.entries import entries_delete_unregistered, entries_rebuild, words_delete


class Command(BaseCommand):
    help = "Write the search index of all registered models, in batches; searches continue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--type", default="", help="only this model, such as articles.article")
        parser.add_argument("--after", help="continue after this primary key, the last one that was printed")

    def handle(self, *, type: str, after: str | None, **_options: Any) -> None:  # noqa: A002 - name of the option
        if type not in {"", *SOURCES}:
            raise CommandError(f"{type} is not registered. Choose one of: {', '.join(sorted(SOURCES))}.")
        if after and not type:
            raise CommandError("--after requires --type.")
        if not type:
            words_delete()
            entries_delete_unregistered()
        for kind in [type] if type else sorted(SOURCES):
            total = 0
            for last, count in entries_rebuild(kind=kind, after=after):
                total += count
                if count:
                    self.stderr.write(f"--type {kind} --after {last}: {total} rows", style_func=str)
            self.stdout.write(f"{kind}: {total} entries written.")
