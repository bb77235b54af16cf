"""Fixtures of the search tests, which register models of the sample app: no other feature is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.db.models.signals import post_delete, post_save

from apps.search.backends import sqlite
from apps.search.receivers import connect_sources
from apps.search.registry import SOURCES, Document, SearchSource, register
from tests.sampleapp.models import Article, Measurement, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import QuerySet
    from pytest_django import DjangoCaptureOnCommitCallbacks

MODELS = (Article, Measurement, Note)


class ArticleSource(SearchSource[Article]):
    """Public titles; inactive articles are hidden."""

    def get_queryset(self) -> QuerySet[Article]:
        active: QuerySet[Article] = Article.objects.filter(is_active=True)
        return active

    def document(self, instance: Article) -> Document:
        return Document(title=instance.title, url=f"/articles/{instance.slug}", language="en")


class NoteSource(SearchSource[Note]):
    """Private texts."""

    def document(self, instance: Note) -> Document:
        return Document(title="Private", text=instance.text, owner_id=instance.owner_id)


class MeasurementSource(SearchSource[Measurement]):
    """Public titles with texts and tags: `remark` is the text, `count` the tag."""

    def document(self, instance: Measurement) -> Document:
        tags = {f"tag-{instance.count}": f"Tag {instance.count}"} if instance.count else {}
        text = instance.remark or ""
        return Document(title=instance.label, text=text, tags=tags, language="en", date=instance.created_at)


@pytest.fixture(autouse=True)
def _sources(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the models of the sample app only."""
    before = dict(SOURCES)
    SOURCES.clear()
    for model, source in zip(MODELS, (ArticleSource, MeasurementSource, NoteSource), strict=True):
        register(model)(source)  # type: ignore[arg-type] # pairs of different models
    connect_sources()
    yield
    for model in MODELS:
        for signal in (post_save, post_delete):
            signal.disconnect(sender=model, dispatch_uid="search")
    SOURCES.clear()
    SOURCES.update(before)


# The fallback is for SQLite.
@pytest.fixture(params=["default", "like"] if connection.vendor == "sqlite" else ["default"])
def _each_backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with the full-text search of the database, and on SQLite also without FTS5."""
    if request.param == "like":
        monkeypatch.setattr(sqlite, "_has_fts", lambda: False)


@pytest.fixture
def commit(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Callable[..., Any]:
    """Return a function that calls another one and then runs its `on_commit` callbacks."""

    def run(action: Callable[..., Any], **values: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return action(**values)

    return run


@pytest.fixture
def add(commit: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that saves a public row and indexes it."""

    def measurement(title: str, text: str = "", **values: Any) -> Measurement:
        row: Measurement = commit(Measurement.objects.create, label=title, remark=text, **values)
        return row

    return measurement
