from django_filters import rest_framework as filters

from apps.notifications.models import Notification


class NotificationFilter(filters.FilterSet):
    unread = filters.BooleanFilter("read_at", lookup_expr="isnull")

    class Meta:
        model = Notification
        fields = ["kind"]
