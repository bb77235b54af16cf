"""Authentication by a ticket in the query string, since browsers cannot send headers of an `EventSource`."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.realtime.sessions import Session, ticket_redeem
from apps.users.exceptions import InvalidToken
from apps.users.models import User


class TicketAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        ticket = request.query_params.get("ticket")
        if ticket is None:
            return None
        session = ticket_redeem(ticket)
        user = session and User.objects.filter(pk=session.user_id).first()
        if not session or not user:
            raise InvalidToken
        return user, session


class TicketExtension(OpenApiAuthenticationExtension):
    target_class = TicketAuthentication
    name = "ticket"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "query",
            "name": "ticket",
            "description": "Single-use ticket of `realtime/ticket/`.",
        }
