"""MQTT client with a persistent session that acknowledges messages only after their processing.

https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import aiomqtt
import structlog
from django.conf import settings
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

KEEPALIVE = 30
# For the topic and the properties of a message, above its payload.
PACKET_OVERHEAD = 4_096

logger = structlog.get_logger(__name__)


class Inbox(asyncio.Queue[aiomqtt.Message]):
    """Bounded queue that remembers whether a message was discarded that the broker will deliver again."""

    overflowed = False

    def put_nowait(self, item: aiomqtt.Message) -> None:
        self.overflowed = self.overflowed or (self.full() and item.qos > 0)
        # Raises QueueFull, on which aiomqtt discards the message.
        super().put_nowait(item)


class RefusedError(Exception):
    """The broker has received a message and refused it; the argument is the reason."""


class Client(aiomqtt.Client):
    """Client for the broker of `MQTT_URL`.

    aiomqtt lets paho acknowledge messages when they enter its queue in memory, so a killed process would lose
    them. Here, `ack` acknowledges. The broker delivers messages again that were not acknowledged on the last
    connection: https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901238
    """

    def __init__(self) -> None:
        url = urlsplit(settings.MQTT_URL)
        secure = url.scheme == "mqtts"
        super().__init__(
            hostname=url.hostname or "",
            port=url.port or (8883 if secure else 1883),
            username=None if url.username is None else unquote(url.username),
            password=None if url.password is None else unquote(url.password),
            tls_context=ssl.create_default_context(cafile=settings.MQTT_CA_FILE or None) if secure else None,
            identifier=settings.MQTT_CLIENT_ID,
            keepalive=KEEPALIVE,
            queue_type=Inbox,
            # More than `MQTT_IN_FLIGHT`: the broker does not count messages of QoS 0.
            max_queued_incoming_messages=2 * settings.MQTT_IN_FLIGHT,
            **_session(),
        )
        self._client.manual_ack_set(on=True)

    async def __aenter__(self) -> Self:
        try:
            return await super().__aenter__()
        except BaseException:
            # aiomqtt leaves the socket open if the broker accepts the connection and does not respond.
            with suppress(OSError):
                self._client.disconnect()
            raise

    async def publish(self, *args: Any, **kwargs: Any) -> None:
        """Publish a message; one at a time.

        Raises:
            RefusedError: the broker does not accept it, which aiomqtt ignores.
        """
        self._refusal = None
        await super().publish(*args, **kwargs)
        if self._refusal is not None:
            raise RefusedError(str(self._refusal))

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        try:
            super()._on_message(client, userdata, message)
        except ValueError:
            # Some brokers allow topics that are not UTF-8. Without an acknowledgement, it would come again.
            logger.warning("mqtt_message_rejected", reason="topic", device=None)
            self._client.ack(message.mid, message.qos)

    def _on_publish(self, *args: Any) -> None:
        _client, _userdata, _mid, reason, _properties = args
        self._refusal = reason if reason.is_failure else None
        super()._on_publish(*args)

    def ack(self, message: aiomqtt.Message) -> None:
        """Acknowledge a message: the broker forgets it."""
        self._client.ack(message.mid, message.qos)

    def require_redelivery(self) -> None:
        """Raise MqttError if messages were discarded, which the broker delivers again on a new connection."""
        if isinstance(self._queue, Inbox) and self._queue.overflowed and self._queue.empty():
            raise aiomqtt.MqttError("More messages than MQTT_IN_FLIGHT were received.")


def _session() -> dict[str, Any]:
    """Return the arguments of a session that outlives the connection."""
    if settings.MQTT_PROTOCOL == "3.1.1":
        # The broker limits messages in flight and the age of the session.
        return {"protocol": aiomqtt.ProtocolVersion.V311, "clean_session": False}
    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho has no types here
    properties.SessionExpiryInterval = settings.MQTT_SESSION_SECONDS
    properties.ReceiveMaximum = settings.MQTT_IN_FLIGHT
    properties.MaximumPacketSize = settings.MQTT_PAYLOAD_MAX_BYTES + PACKET_OVERHEAD
    return {"protocol": aiomqtt.ProtocolVersion.V5, "clean_start": False, "properties": properties}
