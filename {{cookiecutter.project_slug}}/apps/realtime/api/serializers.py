from typing import Any

from rest_framework import serializers


class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField(
        help_text="Opens a WebSocket, as subprotocol `ticket.<ticket>`, or an event stream, as `?ticket=`."
    )
    expires_in = serializers.IntegerField(help_text="Seconds.")
