from django_filters import rest_framework as filters

from apps.core.api.filters import DateTimeFilter
from apps.users.models import User


class UserFilter(filters.FilterSet):
    created_after = DateTimeFilter("created_at", lookup_expr="gte")
    created_before = DateTimeFilter("created_at", lookup_expr="lt")
    role = filters.CharFilter("groups__name")

    class Meta:
        model = User
        fields = ["is_active", "is_staff"]
