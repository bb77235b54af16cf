from typing import Any

from rest_framework import serializers


class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="Opens one socket, as the subprotocol `ticket.<ticket>`.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
