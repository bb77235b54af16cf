from django_filters import rest_framework as filters

from apps.core.api.filters import DateTimeFilter
from apps.files.models import StoredFile


class FileFilter(filters.FilterSet):
    created_after = DateTimeFilter("created_at", lookup_expr="gte")
    created_before = DateTimeFilter("created_at", lookup_expr="lt")

    class Meta:
        model = StoredFile
        fields = ["content_type"]
