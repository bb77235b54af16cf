"""Pagination. https://www.django-rest-framework.org/api-guide/pagination/"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import CharField, F, Field, Q, TextField
from django.db.models.functions import Left
from rest_framework import pagination
from rest_framework.exceptions import NotFound
from rest_framework.utils.urls import replace_query_param

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model, QuerySet
    from django.db.models.expressions import OrderBy
    from rest_framework.request import Request
    from rest_framework.views import APIView

_Row = TypeVar("_Row")

PAGE_SIZE = 25
MAX_PAGE_SIZE = 100
# Longer text is ordered by its prefix, since a cursor must fit into a URL.
MAX_TEXT_LENGTH = 255


class _Term(NamedTuple):
    """Column or annotation of the ordering. NULLs come last."""

    name: str
    field: Field[Any, Any]
    descending: bool
    nullable: bool

    def order(self, *, backward: bool) -> OrderBy:
        # Only for nullable fields: with NULLS FIRST or LAST, PostgreSQL cannot use an ordinary index.
        nulls: dict[str, Any] = {"nulls_first" if backward else "nulls_last": True} if self.nullable else {}
        return F(self.name).desc(**nulls) if self.descending != backward else F(self.name).asc(**nulls)

    def after(self, value: Any, ties: Q, *, backward: bool) -> Q:
        """Build the condition for rows after `value`; among equal values, `ties` decides."""
        null = Q(**{f"{self.name}__isnull": True})
        if value is None:
            return ~null | ties if backward else null & ties
        lookup = f"{self.name}__lt" if self.descending != backward else f"{self.name}__gt"
        # The first condition is redundant, but lets the database use an index.
        found = Q(**{f"{lookup}e": value}) & (Q(**{lookup: value}) | ties)
        return found | null if self.nullable and not backward else found


class CursorPagination(pagination.CursorPagination):
    """Keyset pagination (default): a page starts after the ordering values and primary key of a row.

    Query time does not grow with the page number, and inserts and deletes do not shift rows between pages.
    Cursors are signed, and valid for one model and one ordering.
    """

    page_size = PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"
    ordering = ("-created_at",)

    def paginate_queryset(  # type: ignore[override] # requires a queryset
        self, queryset: QuerySet[Any, _Row], request: Request, view: APIView | None = None
    ) -> list[_Row]:
        self.request, self.base_url = request, request.build_absolute_uri()
        self.page_size = self.get_page_size(request) or PAGE_SIZE
        ordering = self.get_ordering(request, queryset, view)  # type: ignore[arg-type] # declared without None
        queryset = self._set_terms(queryset, ordering)
        backward, values = self._read_cursor()
        if values is not None:
            rows_after = Q(pk__in=())
            for term, value in reversed([*zip(self.terms, values, strict=True)]):
                rows_after = term.after(value, rows_after, backward=backward)
            queryset = queryset.filter(rows_after)
        queryset = queryset.order_by(*(term.order(backward=backward) for term in self.terms))
        rows = list(queryset[: self.page_size + 1])
        self.page: list[_Row] = rows[: self.page_size]
        has_more, has_passed = len(rows) > self.page_size, values is not None
        self.has_next, self.has_previous = (has_passed, has_more) if backward else (has_more, has_passed)
        if backward:
            self.page.reverse()
        self.display_page_controls = has_more or has_passed
        return self.page

    def get_ordering(self, request: Request, queryset: QuerySet[Model], view: APIView) -> tuple[str, ...]:
        ordering: dict[str, str] = {}
        for term in super().get_ordering(request, queryset, view):
            ordering.setdefault(term.removeprefix("-"), term)
        # The primary key makes the ordering total.
        if ordering.keys().isdisjoint({"pk", queryset.model._meta.pk.name}):  # noqa: SLF001 - Django's documented Options API
            ordering["pk"] = "-pk" if next(iter(ordering.values())).startswith("-") else "pk"
        return tuple(ordering.values())

    def get_next_link(self) -> str | None:
        return self._link(self.page[-1:], backward=False) if self.has_next else None

    def get_previous_link(self) -> str | None:
        return self._link(self.page[:1], backward=True) if self.has_previous else None

    def _set_terms(self, queryset: QuerySet[Any], ordering: tuple[str, ...]) -> QuerySet[Any]:
        """Set the terms and the signer, and annotate ordering values that are not columns of the model."""
        options = queryset.model._meta  # noqa: SLF001 - Django's documented Options API
        self.signer = Signer(salt=f"{__name__}:{options.label}:{ordering}")
        self.terms: list[_Term] = []
        for number, term in enumerate(ordering):
            name, alias = term.removeprefix("-"), f"cursor_{number}"
            if "__" in name and name not in queryset.query.annotations:
                queryset, name = queryset.annotate(**{alias: F(name)}), alias
            if name in queryset.query.annotations:
                field, nullable = queryset.query.annotations[name].output_field, True
            else:
                field = options.pk if name == "pk" else options.get_field(name)
                name, nullable = field.attname, field.null
            length = field.max_length if isinstance(field, CharField) else 0
            if isinstance(field, TextField) or length is None or length > MAX_TEXT_LENGTH:
                queryset, name = queryset.annotate(**{alias: Left(name, MAX_TEXT_LENGTH)}), alias
            self.terms.append(_Term(name, field, term.startswith("-"), nullable))
        return queryset

    def _read_cursor(self) -> tuple[bool, list[Any] | None]:
        """Return the direction (True: backward) and the values of the cursor."""
        signed = self.request.query_params.get(self.cursor_query_param)
        if not signed:
            return False, None
        try:
            backward, texts = self.signer.unsign_object(signed)
            pairs = zip(self.terms, texts, strict=bool(texts))
            values = [None if text is None else term.field.to_python(text) for term, text in pairs]
        except (BadSignature, ValidationError, ValueError):
            raise NotFound(self.invalid_cursor_message) from None
        return backward, values or None

    def _link(self, end: Sequence[Any], *, backward: bool) -> str:
        """Return the URL of the page after a row, or of the last page in that direction without a row."""
        read = dict.__getitem__ if end and isinstance(end[0], dict) else getattr
        values = [read(row, term.name) for row in end for term in self.terms]
        texts = [None if value is None else str(value) for value in values]
        cursor = self.signer.sign_object([backward, texts], compress=True)
        return replace_query_param(self.base_url or "", self.cursor_query_param, cursor)


class PageNumberPagination(pagination.PageNumberPagination):
    """Page number pagination, for lists that need a total (a `COUNT` query) or page jumps."""

    page_size = PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return super().get_paginated_response_schema(schema) | {"required": ["count", "results"]}
