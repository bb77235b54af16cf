"""HTTP layer: validate, call a service or a selector, serialize."""

from http import HTTPStatus

from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.realtime.api.serializers import TicketOutput
from apps.realtime.sessions import TICKET_SECONDS, session_of_request, ticket_create
from apps.users.authentication import UserRequest


@method_decorator(cache_control(no_store=True), name="dispatch")
class TicketView(APIView):
    @extend_schema(request=None, responses={201: TicketOutput})
    def post(self, request: UserRequest) -> Response:
        """Create a single-use WebSocket ticket. Browsers cannot send an Authorization header there."""
        ticket = ticket_create(session_of_request(request.user, request.auth))
        output = TicketOutput({"ticket": ticket, "expires_in": TICKET_SECONDS})
        return Response(output.data, status=HTTPStatus.CREATED)
