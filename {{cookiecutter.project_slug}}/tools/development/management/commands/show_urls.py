from collections.abc import Iterator
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.core.management.base import BaseCommand
from django.urls import URLPattern, URLResolver, get_resolver


class Command(BaseCommand):
    help = "List the URLs with their name and view."

    def handle(self, **_options: Any) -> None:
        rows = list(routes(get_resolver().url_patterns))
        widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:2]]
        for url, name, view in rows:
            self.stdout.write(f"{url:{widths[0]}}  {name:{widths[1]}}  {view}")


def routes(
    patterns: list[URLPattern | URLResolver], prefix: str = "/", namespace: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Yield the URL, name and view of each route."""
    for entry in patterns:
        url = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from routes(entry.url_patterns, url, inner)
        else:
            view = getattr(entry.callback, "view_class", getattr(entry.callback, "cls", entry.callback))
            name = getattr(view, "__qualname__", type(view).__name__)
            yield (
                simplify_regex(url),
                f"{namespace}{entry.name}" if entry.name else "",
                f"{view.__module__}.{name}",
            )
