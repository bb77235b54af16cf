"""Query parameters and output of the search API."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer
from apps.search.models import SearchEntry, SearchTerm
from apps.search.registry import SOURCES

MAX_QUERY = 200
MAX_PAGE = 1000


class SearchQuery(serializers.Serializer[Any]):
    q = serializers.CharField(
        max_length=MAX_QUERY,
        help_text='Words, "phrases", `or` between alternatives, `-` before excluded words.',
    )
    type = serializers.CharField(max_length=100, required=False, help_text="Such as `articles.article`.")
    tag = serializers.CharField(max_length=100, required=False)
    page = serializers.IntegerField(min_value=1, max_value=MAX_PAGE, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=50, default=20)

    def validate_type(self, value: str) -> str:
        if value not in SOURCES:
            message = _("Unknown type. Choose one of: %(types)s.") % {"types": ", ".join(sorted(SOURCES))}
            raise serializers.ValidationError(message, code="invalid_choice")
        return value


class SuggestionQuery(serializers.Serializer[Any]):
    q = serializers.CharField(min_length=2, max_length=MAX_QUERY)


class TermQuery(serializers.Serializer[Any]):
    empty = serializers.BooleanField(default=False, help_text="Only searches without results.")


class ResultOutput(OutputSerializer):
    type = serializers.CharField(source="kind", read_only=True)
    id = serializers.CharField(source="object_id", read_only=True)
    headline = serializers.CharField(
        read_only=True, help_text="HTML: the text is escaped, found words are in `<mark>`."
    )
    tags = serializers.DictField(child=serializers.CharField(), read_only=True, help_text="Labels by slug.")

    class Meta:
        model = SearchEntry
        fields = ["type", "id", "title", "headline", "url", "tags", "date"]


class TagFacet(serializers.Serializer[Any]):
    tag = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment] # also an attribute of the base
    count = serializers.IntegerField(read_only=True)


class SearchOutput(serializers.Serializer[Any]):
    count = serializers.IntegerField(read_only=True, help_text="Number of ranked matches.")
    truncated = serializers.BooleanField(
        read_only=True, help_text="Whether there are more matches; only the newest are ranked."
    )
    did_you_mean = serializers.CharField(
        read_only=True, allow_null=True, help_text="A similar query, if this one found nothing."
    )
    types = serializers.DictField(
        child=serializers.IntegerField(), read_only=True, help_text="Numbers of ranked matches by type."
    )
    tags = TagFacet(many=True, read_only=True)
    results = ResultOutput(source="entries", many=True, read_only=True)


class SuggestionOutput(serializers.Serializer[Any]):
    titles = serializers.ListField(child=serializers.CharField(), read_only=True)
    did_you_mean = serializers.CharField(read_only=True, allow_null=True)


class TermOutput(OutputSerializer):
    class Meta:
        model = SearchTerm
        fields = ["term", "searches", "empty", "searched_at"]
