"""HTTP layer: validate, call a service or a selector, serialize."""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.core.api.pagination import PageNumberPagination
from apps.core.api.permissions import IsStaffWithPermission
from apps.search import selectors
from apps.search.api import serializers
from apps.search.api.throttling import SearchThrottle, SuggestionThrottle
from apps.search.models import SearchTerm
from apps.search.services.terms import term_record
from infrastructure.background import in_background


def query_of(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    query = serializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    values: dict[str, Any] = query.validated_data
    return values


class SearchView(APIView):
    permission_classes = (IsAuthenticatedOrReadOnly,)
    throttle_classes = (*APIView.throttle_classes, SearchThrottle)

    @extend_schema(parameters=[serializers.SearchQuery], responses={200: serializers.SearchOutput})
    def get(self, request: Request) -> Response:
        """Search public content and own private content, best matches first."""
        query = query_of(serializers.SearchQuery, request)
        text = query["q"]
        found = selectors.search(
            text=text,
            user=request.user,
            kind=query.get("type", ""),
            tag=query.get("tag", ""),
            page=query["page"],
            page_size=query["page_size"],
        )
        if query["page"] == 1:
            # After the response, if there are threads: the counters are not worth waiting for.
            in_background(partial(term_record, text=text, empty=not found.count))
        similar = None if found.count else selectors.correction_of(text=text, user=request.user)
        data = serializers.SearchOutput(found).data
        return Response(data | {"did_you_mean": similar})


class SuggestionView(APIView):
    permission_classes = (IsAuthenticatedOrReadOnly,)
    throttle_classes = (*APIView.throttle_classes, SuggestionThrottle)

    @extend_schema(parameters=[serializers.SuggestionQuery], responses={200: serializers.SuggestionOutput})
    def get(self, request: Request) -> Response:
        """Complete a query: titles that begin with it, and the query with corrected words."""
        text = query_of(serializers.SuggestionQuery, request)["q"]
        titles = selectors.title_list(prefix=text, user=request.user)
        similar = None if titles else selectors.correction_of(text=text, user=request.user)
        return Response({"titles": titles, "did_you_mean": similar})


class TermListView(generics.ListAPIView[SearchTerm]):
    """List popular search terms, or those that found nothing. Requires `search.view_searchterm`."""

    permission_classes = (IsStaffWithPermission,)
    required_permission = "search.view_searchterm"
    queryset = SearchTerm.objects.none()
    serializer_class = serializers.TermOutput
    filter_backends = ()
    pagination_class = PageNumberPagination

    @extend_schema(parameters=[serializers.TermQuery])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[SearchTerm]:
        return selectors.term_list(**query_of(serializers.TermQuery, self.request))
