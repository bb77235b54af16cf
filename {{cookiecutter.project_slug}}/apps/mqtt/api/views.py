"""HTTP layer: validate, call a service or a selector, serialize."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, mixins, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from apps.core.api.serializers import validated
from apps.mqtt import selectors
from apps.mqtt.api import serializers
from apps.mqtt.api.filters import MessageFilter
from apps.mqtt.models import Command, Device, Message
from apps.mqtt.services.commands import command_send
from apps.mqtt.services.devices import device_register, device_revoke
from apps.users.authentication import UserRequest


@extend_schema_view(
    list=extend_schema(description="List own devices, including revoked ones."),
    retrieve=extend_schema(description="Retrieve a device."),
)
class DeviceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Device]):
    queryset = Device.objects.none()
    serializer_class = serializers.DeviceOutput
    filterset_fields = ("is_active",)
    search_fields = ("name",)
    ordering_fields = ("created_at", "name")
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Device]:
        """Return own devices only, so that those of other users yield 404."""
        return selectors.device_list(owner=self.request.user)

    @extend_schema(request=serializers.DeviceInput, responses={201: serializers.RegisteredOutput})
    @method_decorator(cache_control(no_store=True))
    def create(self, request: UserRequest) -> Response:
        """Register a device. The response has its password, which cannot be read again."""
        data = validated(serializers.DeviceInput, request)
        device, password = device_register(owner=request.user, **data)
        body = serializers.DeviceOutput.represent(device) | {"password": password}
        return Response(body, status=HTTPStatus.CREATED)

    @extend_schema(request=None, responses={200: serializers.DeviceOutput}, filters=False)
    @action(detail=True, methods=["post"])
    def revoke(self, request: UserRequest, *args: Any, **kwargs: Any) -> Response:
        """Revoke a device for good. This is idempotent."""
        device = device_revoke(device=self.get_object())
        return Response(serializers.DeviceOutput.represent(device))


class DeviceMixin:
    """Mixin for rows of the device in the URL."""

    request: UserRequest
    kwargs: dict[str, Any]

    def get_device(self) -> Device:
        return get_object_or_404(selectors.device_list(owner=self.request.user), pk=self.kwargs["device"])


class MessageListView(DeviceMixin, generics.ListAPIView[Message]):
    queryset = Message.objects.none()
    serializer_class = serializers.MessageOutput
    filterset_class = MessageFilter
    ordering_fields = ("created_at",)
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Message]:
        return selectors.message_list(device=self.get_device())

    @extend_schema(operation_id="mqtt_messages_list")
    def get(self, request: UserRequest, device: UUID) -> Response:  # type: ignore[override] # one URL
        """List the messages of a device, newest first."""
        return self.list(request)


class CommandListView(DeviceMixin, generics.ListAPIView[Command]):
    queryset = Command.objects.none()
    serializer_class = serializers.CommandOutput
    ordering_fields = ("created_at",)
    ordering = ("-created_at",)

    request: UserRequest

    def get_queryset(self) -> QuerySet[Command]:
        return selectors.command_list(device=self.get_device())

    @extend_schema(operation_id="mqtt_commands_list")
    def get(self, request: UserRequest, device: UUID) -> Response:  # type: ignore[override] # one URL
        """List the commands for a device, newest first."""
        return self.list(request)

    @extend_schema(request=serializers.CommandInput, responses={201: serializers.CommandOutput})
    def post(self, request: UserRequest, device: UUID) -> Response:
        """Send a command to a device. It is delivered when the device is connected."""
        data = validated(serializers.CommandInput, request)
        command = command_send(device=self.get_device(), **data)
        return Response(serializers.CommandOutput.represent(command), status=HTTPStatus.CREATED)
