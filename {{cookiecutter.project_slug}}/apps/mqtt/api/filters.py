from django_filters import rest_framework as filters

from apps.core.api.filters import DateTimeFilter
from apps.mqtt.models import Message


class MessageFilter(filters.FilterSet):
    created_after = DateTimeFilter("created_at", lookup_expr="gte")
    created_before = DateTimeFilter("created_at", lookup_expr="lt")

    class Meta:
        model = Message
        fields = ["kind", "path"]
