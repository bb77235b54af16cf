"""HTTP layer: validate, call a service or a selector, serialize."""

import random
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.exceptions import UnavailableError
from apps.realtime.api.authentication import TicketAuthentication
from apps.realtime.api.serializers import TicketOutput
from apps.realtime.consumers import UNAVAILABLE_ERRORS
from apps.realtime.event_streams import CONTENT_TYPE, stream_open
from apps.realtime.services import layer_check
from apps.realtime.sessions import TICKET_SECONDS, Session, session_of_request, sessions_alive, ticket_create
from apps.users.authentication import UserRequest
from apps.users.exceptions import InvalidToken

# Milliseconds until a client reconnects; random, so that not all do it together.
RETRY = (2_000, 8_000)


@method_decorator(cache_control(no_store=True), name="dispatch")
class TicketView(APIView):
    @extend_schema(request=None, responses={201: TicketOutput})
    def post(self, request: UserRequest) -> Response:
        """Create a single-use ticket for a WebSocket or an event stream of a browser."""
        ticket = ticket_create(session_of_request(request.user, request.auth))
        output = TicketOutput({"ticket": ticket, "expires_in": TICKET_SECONDS})
        return Response(output.data, status=HTTPStatus.CREATED)


class EventStreamRenderer(BaseRenderer):
    """Media type of event streams for the content negotiation."""

    media_type = CONTENT_TYPE
    format = "event-stream"


# no-transform: proxies must not compress, which would buffer.
@method_decorator(cache_control(no_store=True, no_transform=True), name="dispatch")
class EventStreamView(APIView):
    authentication_classes = (*APIView.authentication_classes, TicketAuthentication)
    renderer_classes = (EventStreamRenderer,)
    # Without HEAD, which would open a stream, and OPTIONS, which would need another renderer.
    http_method_names = ("get",)

    request: UserRequest

    @extend_schema(
        responses={(200, CONTENT_TYPE): OpenApiTypes.STR},
        examples=[
            OpenApiExample(
                "event",
                'event: notification.created\ndata: {"kind": "blog", "title": "New comment"}\n\n',
                media_type=CONTENT_TYPE,
            )
        ],
    )
    def get(self, request: UserRequest) -> HttpResponse:
        """Receive own events as server-sent events. It ends within two minutes: reconnect then."""
        auth: Any = request.auth
        session = auth if isinstance(auth, Session) else session_of_request(request.user, auth)
        if not sessions_alive([session]):
            raise InvalidToken
        try:
            layer_check()
        except UNAVAILABLE_ERRORS as error:
            raise UnavailableError(type(error).__name__) from error
        # Servers other than ASGI send only the beginning; the client then reconnects.
        if (scope := getattr(request, "scope", None)) is not None:
            stream_open(scope, session)
        retry = random.randint(*RETRY)  # noqa: S311 - no secret
        headers = {"X-Accel-Buffering": "no"}
        return HttpResponse(f"retry: {retry}\n\n", content_type=CONTENT_TYPE, headers=headers)
