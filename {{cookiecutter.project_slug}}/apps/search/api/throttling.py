"""Rate limits of the search, for anonymous clients per network and for users per account."""

from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api.client_ip import client_network
from apps.core.api.throttling import RateThrottle


class SearchThrottle(RateThrottle):
    scope = "search"

    def get_client(self, request: Request, view: APIView) -> str | None:
        return str(request.user.pk) if request.user.is_authenticated else client_network(request)


class SuggestionThrottle(SearchThrottle):
    """Limit of suggestions, of which a client requests one per typed character."""

    scope = "suggestion"
