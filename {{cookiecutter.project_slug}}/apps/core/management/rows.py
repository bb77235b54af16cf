"""Base class of the commands that read and write rows of a model as CSV."""

from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.admin import CSVExportMixin


class RowsCommand(BaseCommand):
    """Command for a model whose admin is an `admin_class`."""

    admin_class: type[CSVExportMixin] = CSVExportMixin

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", help="such as users.User")

    def model_admin(self, label: str) -> Any:
        """Return the admin of a model.

        Raises:
            CommandError: the model has no such admin.
        """
        site = admin.site
        registered = (site.get_model_admin(model) for model in apps.get_models() if site.is_registered(model))
        found = {each.opts.label: each for each in registered if isinstance(each, self.admin_class)}
        if label not in found:
            nearest = get_close_matches(label, found, n=1) or sorted(found) or ["none yet"]
            raise CommandError(
                f"There is no model {label} whose admin is a {self.admin_class.__name__} (apps.core.admin). "
                f"Did you mean: {', '.join(nearest)}?"
            )
        return found[label]

    def show_progress(self, text: str) -> None:
        """Replace the progress line, in a terminal only."""
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{text}", style_func=str, ending="")
