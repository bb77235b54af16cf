"""HTTP layer for the broker, which asks whether a device may connect, publish or subscribe."""

from http import HTTPStatus

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.serializers import validated
from apps.mqtt.api.permissions import IsBroker
from apps.mqtt.api.serializers import AccessInput, LoginInput
from apps.mqtt.selectors import device_active
from apps.mqtt.services.devices import device_authenticate
from apps.mqtt.topics import may_publish, may_subscribe


class BrokerView(APIView):
    """Base of the views for the broker. No throttle: one client asks for all devices."""

    authentication_classes = ()
    permission_classes = (IsBroker,)
    throttle_classes = ()


@extend_schema(exclude=True)
class LoginView(BrokerView):
    def post(self, request: Request) -> Response:
        """Check the login of a device. 204 means yes, 403 no. Requires the broker token."""
        data = validated(LoginInput, request)
        if not device_authenticate(key=data["username"], client=data["client"], password=data["password"]):
            raise PermissionDenied
        return Response(status=HTTPStatus.NO_CONTENT)


@extend_schema(exclude=True)
class AccessView(BrokerView):
    def post(self, request: Request) -> Response:
        """Check the access of a device to a topic. 204 means yes, 403 no. Requires the broker token."""
        data = validated(AccessInput, request)
        device = device_active(key=data["username"])
        allowed = {"publish": may_publish, "subscribe": may_subscribe}[data["action"]]
        if device is None or not allowed(device, data["topic"]):
            raise PermissionDenied
        return Response(status=HTTPStatus.NO_CONTENT)
