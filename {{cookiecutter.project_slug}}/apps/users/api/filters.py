from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework.request import Request

from apps.core.api.filters import DateTimeFilter, SearchFilter
from apps.users.models import User


class UserFilter(filters.FilterSet):
    created_after = DateTimeFilter("created_at", lookup_expr="gte")
    created_before = DateTimeFilter("created_at", lookup_expr="lt")
    role = filters.CharFilter(method="filter_role")

    class Meta:
        model = User
        fields = ["is_active", "is_staff"]

    def filter_role(self, queryset: QuerySet[User], _name: str, role: str) -> QuerySet[User]:
        # Filter by primary key, so that PostgreSQL can estimate the number of matches.
        return queryset.filter(groups__in=[*Group.objects.filter(name=role)])


class EmailSearch(SearchFilter):
    """Indexed prefix search by email; terms are lowercased because emails are stored in lower case."""

    def get_search_terms(self, request: Request) -> list[str]:
        return [term.lower() for term in super().get_search_terms(request)]
