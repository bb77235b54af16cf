"""Permission of the broker."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.permissions import BasePermission

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class IsBroker(BasePermission):
    """Access with `Authorization: Bearer <MQTT_BROKER_TOKEN>`; none if the token is not set."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        expected = f"Bearer {settings.MQTT_BROKER_TOKEN}".encode()
        sent = request.headers.get("Authorization", "").encode(errors="replace")
        return bool(settings.MQTT_BROKER_TOKEN) and hmac.compare_digest(sent, expected)
