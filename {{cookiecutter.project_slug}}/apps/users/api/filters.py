import django_filters

from apps.users.models import User


class UserFilter(django_filters.FilterSet):
    created_after = django_filters.IsoDateTimeFilter("created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter("created_at", lookup_expr="lt")
    role = django_filters.CharFilter("groups__name")

    class Meta:
        model = User
        fields = ["is_active", "is_staff"]
