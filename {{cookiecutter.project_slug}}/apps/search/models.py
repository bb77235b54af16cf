"""Models of the search; `docs/search.md` describes how they are filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MAX_TERM = 60


class VectorField(models.Field):  # type: ignore[type-arg] # not generic at run time
    """Column of type `tsvector`, empty on SQLite.

    Django's `SearchVectorField` requires `django.contrib.postgres`, which queries types on each connection.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"


@VectorField.register_lookup
class Matches(models.Lookup):
    lookup_name = "matches"

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} @@ {right}", [*left_params, *right_params]


class SearchEntry(models.Model):
    """Indexed content of a row of another app."""

    kind = models.CharField(_("type"), max_length=100)
    object_id = models.CharField(_("object id"), max_length=64)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="search_entries",
        null=True,
        help_text=_("The only user that finds the entry; empty for public entries."),
    )
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    url = models.CharField(_("path"), max_length=500)
    tags = models.JSONField(_("tags"), default=dict)
    date = models.DateTimeField(_("date"), default=timezone.now)
    # Text search configuration of PostgreSQL.
    config = models.CharField(_("language"), max_length=30)
    vector = VectorField(null=True, editable=False)

    class Meta:
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")
        ordering = ("-date", "-id")
        # Migration 0002 creates those of the full text, which depend on the database.
        indexes = [
            models.Index(fields=["-date", "-id"], name="search_entry_newest"),
            models.Index(fields=["kind", "-date", "-id"], name="search_entry_newest_of_kind"),
        ]
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_entry_once")]

    def __str__(self) -> str:
        # Kept in the admin log even after deletion: no personal data.
        return f"{self.kind} {self.object_id}"


class SearchWord(models.Model):
    """Word of a public title, for the correction of typing errors."""

    word = models.CharField(_("word"), max_length=30, unique=True)

    class Meta:
        verbose_name = _("word")
        verbose_name_plural = _("words")
        ordering = ("word",)

    def __str__(self) -> str:
        return self.word


class SearchTerm(models.Model):
    """Normalized search term with counters, without any reference to users."""

    term = models.CharField(_("term"), max_length=MAX_TERM, unique=True)
    searches = models.PositiveIntegerField(_("searches"), default=0)
    empty = models.PositiveIntegerField(_("searches without result"), default=0)
    searched_at = models.DateTimeField(_("last searched at"), default=timezone.now)

    class Meta:
        verbose_name = _("search term")
        verbose_name_plural = _("search terms")
        ordering = ("-searches", "id")
        indexes = [
            models.Index(fields=["-searches", "id"], name="search_term_popular"),
            models.Index(fields=["-empty", "id"], condition=models.Q(empty__gt=0), name="search_term_empty"),
            # For `purge_search_terms`.
            models.Index(fields=["searched_at"], name="search_term_searched_at"),
        ]

    def __str__(self) -> str:
        return self.term
