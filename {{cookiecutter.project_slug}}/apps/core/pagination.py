"""Pages of lists. https://www.django-rest-framework.org/api-guide/pagination/"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError
from rest_framework import pagination
from rest_framework.exceptions import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model, QuerySet
    from rest_framework.request import Request
    from rest_framework.views import APIView

_Row = TypeVar("_Row")

PAGE_SIZE = 25
MAX_PAGE_SIZE = 100


class CursorPagination(pagination.CursorPagination):
    """The default: a page costs the same however deep it lies, and rows added meanwhile shift nothing."""

    page_size = PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"
    ordering = ("-created_at",)

    def paginate_queryset(
        self,
        queryset: QuerySet[Any, _Row] | Sequence[_Row],
        request: Request,
        view: APIView | None = None,
    ) -> list[_Row] | None:
        try:
            page = super().paginate_queryset(queryset, request, view)
        except (DataError, OverflowError, ValidationError, ValueError):
            # A cursor that was put together by hand holds a position that the column cannot.
            raise NotFound(self.invalid_cursor_message) from None
        # The links count rows of equal value by pages, of which the one at an end may be shorter.
        self.page_size = len(page or [])
        return page

    def get_ordering(
        self,
        request: Request,
        queryset: QuerySet[Model],
        view: APIView,
    ) -> tuple[str, ...]:
        ordering = tuple(super().get_ordering(request, queryset, view))
        # Rows of equal value need an order of their own, or a page could repeat or miss one.
        tie_break = "-pk" if ordering[0].startswith("-") else "pk"
        return ordering if ordering[-1].lstrip("-") in {"pk", "id"} else (*ordering, tie_break)


class PageNumberPagination(pagination.PageNumberPagination):
    """Where people jump to a page and a total is worth a `COUNT`."""

    page_size = PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_size_query_param = "page_size"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return super().get_paginated_response_schema(schema) | {"required": ["count", "results"]}
