"""Hooks of MkDocs: pages outside `docs/`, the configurator, and a check that no page loads files of other hosts."""

from __future__ import annotations

import logging
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Link, Navigation

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.hooks.site")
ROOT = Path(__file__).resolve().parent.parent
# Pages that GitHub expects elsewhere: their name in the site and their path in the repository.
OUTSIDE = {
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "benchmarks.md": "benchmarks/README.md",
}
CONFIGURATOR = "configurator/index.html"
# Attributes by which an element loads a file when the page opens.
LOADS = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside `docs/`."""
    for name, path in OUTSIDE.items():
        files.append(File.generated(config, name, content=(ROOT / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links between `docs/` and the rest of the repository point to the pages of the site."""
    del config, files
    if "```mermaid" in markdown:
        log.warning("%s contains a Mermaid diagram, which needs a script of another host", page.file.src_uri)
    depth = "../" * page.file.src_uri.count("/")
    for name, path in OUTSIDE.items():
        markdown = markdown.replace(f"]({depth}../{path}", f"]({depth}{name}")
    if page.file.src_uri in OUTSIDE:
        markdown = markdown.replace("](../docs/", "](").replace("](docs/", "](")
    return markdown


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Link the configurator, a page that MkDocs copies as it is."""
    del config
    if files.get_file_from_path(CONFIGURATOR):
        nav.items.insert(1, Link("Configurator", CONFIGURATOR))
    return nav


def on_post_build(config: MkDocsConfig) -> None:
    """Fail if a page loads a file of another host."""
    found = []
    for path in sorted(Path(config.site_dir).rglob("*.html")):
        parser = Loads()
        parser.feed(path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {url}" for url in parser.urls if re.match(r"(https?:)?//", url)]
    if found:
        raise PluginError("These files are loaded from other hosts:\n" + "\n".join(found))


class Loads(HTMLParser):
    """The URLs that a page loads."""

    def __init__(self) -> None:
        """Start with no URLs."""
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the URL of an element that loads a file."""
        values = dict(attrs)
        if tag in LOADS and values.get("rel") not in {"canonical", "next", "prev"}:
            self.urls.append(values.get(LOADS[tag]) or "")
