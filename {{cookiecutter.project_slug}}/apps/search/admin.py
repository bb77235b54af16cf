from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin
from apps.search.models import SearchEntry, SearchTerm, SearchWord


@admin.register(SearchEntry)
class SearchEntryAdmin(ReadOnlyAdmin):
    list_select_related = ("owner",)
    list_display = ("title", "kind", "object_id", "owner", "config", "date")
    list_filter = ("kind", "config", "date")
    search_fields = ("title", "object_id")
    export_fields = ("id", "kind", "object_id", "owner_id", "title", "url", "date")
    fields = ("kind", "object_id", "owner", "title", "text", "url", "tags", "config", "date")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SearchEntry]:
        return super().get_queryset(request).defer("vector")


@admin.register(SearchTerm)
class SearchTermAdmin(ReadOnlyAdmin):
    list_display = ("term", "searches", "empty", "searched_at")
    list_filter = ("searched_at",)
    search_fields = ("term",)
    export_fields = ("term", "searches", "empty", "searched_at")


@admin.register(SearchWord)
class SearchWordAdmin(ReadOnlyAdmin):
    search_fields = ("word",)
    export_fields = ("word",)
