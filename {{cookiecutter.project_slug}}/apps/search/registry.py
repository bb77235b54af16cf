"""Models that can be searched. An app registers them in its module `search`, which is imported at startup.

@register(Article)
class ArticleSource(SearchSource[Article]):
    def document(self, instance: Article) -> Document:
        return Document(title=instance.title, text=instance.body, url=f"/articles/{instance.pk}")
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db.models import Model
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, kw_only=True)
class Document:
    """Content of a row for the index.

    Attributes:
        title: plain text, counts more than the text.
        text: plain text; only the first `MAX_TEXT` characters are indexed.
        url: path in the web application.
        language: language code, by default `LANGUAGE_CODE`.
        tags: labels by slug, for facets.
        date: of many matches, the newest are ranked.
        owner_id: the only user that finds the row; None for public rows.
    """

    title: str
    text: str = ""
    url: str = ""
    language: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    date: datetime = field(default_factory=timezone.now)
    owner_id: UUID | None = None


class SearchSource(Generic[M]):
    """Rows of a model for the index."""

    def __init__(self, model: type[M]) -> None:
        self.model = model

    @property
    def kind(self) -> str:
        """Return the name of the model in the API, such as `articles.article`."""
        return self.model._meta.label_lower  # noqa: SLF001 - Django's documented Options API

    def get_queryset(self) -> QuerySet[M]:
        """Return the rows that may be found; results that are not in it any more are not shown."""
        return self.model._default_manager.all()  # noqa: SLF001 - documented

    def document(self, instance: M) -> Document:
        raise NotImplementedError


SOURCES: dict[str, SearchSource[Any]] = {}


def register(model: type[M]) -> Callable[[type[SearchSource[M]]], type[SearchSource[M]]]:
    """Add the decorated source to `SOURCES`."""

    def add(source_class: type[SearchSource[M]]) -> type[SearchSource[M]]:
        source = source_class(model)
        SOURCES[source.kind] = source
        return source_class

    return add
