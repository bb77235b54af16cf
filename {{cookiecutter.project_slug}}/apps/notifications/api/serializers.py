"""Input and output serializers of the notifications API. Output serializers list their fields explicitly."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer
from apps.notifications.channels import CHANNELS
from apps.notifications.models import Notification, Schedule


class NotificationOutput(OutputSerializer):
    data = serializers.DictField(  # type: ignore[assignment] # declared as a field
        read_only=True, help_text="Machine-readable details."
    )

    class Meta:
        model = Notification
        fields = ["id", "kind", "title", "body", "data", "read_at", "created_at"]


class UnreadOutput(serializers.Serializer[Any]):
    unread = serializers.IntegerField(read_only=True)


class PreferenceInput(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=50)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with one for each delivery channel."""
        return super().get_fields() | {name: serializers.BooleanField(required=False) for name in CHANNELS}


class PreferenceOutput(serializers.Serializer[Any]):
    kind = serializers.CharField(read_only=True)

    def get_fields(self) -> dict[str, Any]:
        """Return the fields, with one for each delivery channel."""
        return super().get_fields() | {name: serializers.BooleanField(read_only=True) for name in CHANNELS}


class ScheduleInput(serializers.ModelSerializer[Schedule]):
    class Meta:
        model = Schedule
        fields = ["digest", "quiet_from", "quiet_until"]


class ScheduleOutput(OutputSerializer):
    class Meta:
        model = Schedule
        fields = ["digest", "quiet_from", "quiet_until"]
