from django_filters import rest_framework as filters

from apps.core.api.filters import DateTimeFilter


class FileFilter(filters.FilterSet):
    created_after = DateTimeFilter("created_at", lookup_expr="gte")
    created_before = DateTimeFilter("created_at", lookup_expr="lt")
    folder = filters.UUIDFilter("folder_id")
    at_root = filters.BooleanFilter("folder", lookup_expr="isnull")
    content_type = filters.CharFilter()


class FolderFilter(filters.FilterSet):
    parent = filters.UUIDFilter("parent_id")
    at_root = filters.BooleanFilter("parent", lookup_expr="isnull")


class ShareFilter(filters.FilterSet):
    file = filters.UUIDFilter("file_id")
