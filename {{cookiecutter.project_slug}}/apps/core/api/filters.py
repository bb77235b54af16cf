"""Shared filters. https://www.django-rest-framework.org/api-guide/filtering/"""

from datetime import UTC, datetime
from typing import TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from rest_framework.exceptions import ValidationError
from rest_framework.filters import SearchFilter as DRFSearchFilter
from rest_framework.request import Request
from rest_framework.views import APIView

T = TypeVar("T", bound=Model)

MAX_SEARCH = 100


class FilterBackend(filters.DjangoFilterBackend):
    """Filter backend that builds the filter form only if a filter is used or required."""

    def filter_queryset(self, request: Request, queryset: QuerySet[T], view: APIView) -> QuerySet[T]:
        filterset = self.get_filterset_class(view, queryset)
        declared = filterset.base_filters if filterset else {}
        # Some widgets append a suffix to the name of the filter, such as `price_min`.
        used = any(name.startswith(tuple(declared)) for name in request.query_params)
        if not used and not any(each.extra.get("required") for each in declared.values()):
            return queryset
        filtered: QuerySet[T] = super().filter_queryset(request, queryset, view)
        return filtered


class SearchFilter(DRFSearchFilter):
    """Search filter with a maximum length, because each word adds a condition to the query."""

    def get_search_terms(self, request: Request) -> list[str]:
        text = request.query_params.get(self.search_param)
        if not text:
            return []
        if len(text) > MAX_SEARCH:
            message = _("Ensure this value has at most %(max)d characters.") % {"max": MAX_SEARCH}
            raise ValidationError({self.search_param: [message]}, code="max_length")
        terms: list[str] = super().get_search_terms(request)
        return terms


class _UTCDateTimeField(IsoDateTimeField):
    def clean(self, value: str) -> datetime | None:
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError(_("Enter a valid date/time."), code="invalid") from None


class DateTimeFilter(filters.IsoDateTimeFilter):
    """Date-time filter that rejects values out of range in UTC, such as 0001-01-01T00:00+01:00."""

    field_class = _UTCDateTimeField
