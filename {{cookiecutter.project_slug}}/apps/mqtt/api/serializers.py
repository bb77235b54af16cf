"""Input and output serializers of the devices API. Output serializers list their fields explicitly."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer
from apps.mqtt.models import Command, Device, Message
from apps.mqtt.validators import validate_json


class DeviceInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)


class DeviceOutput(OutputSerializer):
    class Meta:
        model = Device
        fields = ["id", "name", "is_active", "last_seen_at", "created_at"]


class RegisteredOutput(DeviceOutput):
    password = serializers.CharField(read_only=True, help_text="It is shown only once.")

    class Meta(DeviceOutput.Meta):
        fields = [*DeviceOutput.Meta.fields, "password"]


class MessageOutput(OutputSerializer):
    data = serializers.DictField(read_only=True)  # type: ignore[assignment] # declared as a field

    class Meta:
        model = Message
        fields = ["id", "key", "kind", "path", "data", "created_at"]


class CommandInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    data = serializers.DictField(required=False, validators=[validate_json])  # type: ignore[assignment] # declared as a field


class CommandOutput(OutputSerializer):
    data = serializers.DictField(read_only=True)  # type: ignore[assignment] # declared as a field

    class Meta:
        model = Command
        fields = ["id", "name", "data", "created_at", "published_at", "acknowledged_at"]


class LoginInput(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=100, help_text="The `id` of the device.")
    client = serializers.CharField(max_length=100, trim_whitespace=False, help_text="The client ID.")
    password = serializers.CharField(max_length=100, trim_whitespace=False)


class AccessInput(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=100, help_text="The `id` of the device.")
    topic = serializers.CharField(max_length=200)
    action = serializers.ChoiceField(choices=["publish", "subscribe"])
