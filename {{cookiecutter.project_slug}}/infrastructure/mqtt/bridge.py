"""Bridge process: receives messages of an MQTT broker and publishes those that the project has stored."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from aiomqtt import MqttError
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from paho.mqtt.reasoncodes import ReasonCode

from infrastructure.mqtt.client import Client, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Seconds. The pause between attempts to connect doubles from the first to the longest.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
# A connection that lasted for this long was no failed attempt.
STABLE = 60.0
OUTBOX_INTERVAL = 1.0
HEARTBEAT_INTERVAL = 5.0

logger = structlog.get_logger(__name__)


class Outgoing(Protocol):
    """Message to publish; `key` identifies it for the sender."""

    @property
    def key(self) -> Any: ...
    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> str: ...


class Bridge:
    """Connection to the broker that is kept until SIGTERM, with QoS 1 (at least once) in both directions.

    Messages are processed one after another, as they must be acknowledged in order. An error of `receive`
    closes the connection: the broker delivers the message again on the next one.

    Args:
        filters: the topic filters to subscribe to.
        receive: processes a message; it must be idempotent.
        claim: returns the next messages to publish.
        published: called with the key of each message that the broker has accepted.
    """

    def __init__(
        self,
        *,
        filters: Iterable[str],
        receive: Callable[..., None],
        claim: Callable[[], Iterable[Outgoing]],
        published: Callable[..., None],
    ) -> None:
        self.filters = list(filters)
        # All in one thread, which has one database connection.
        self.receive = sync_to_async(receive)
        self.claim = sync_to_async(lambda: list(claim()))
        self.published = sync_to_async(published)
        self.stopping = asyncio.Event()
        # Held while a message is received, so that SIGTERM does not interrupt it.
        self.working = asyncio.Lock()
        self.state = "connecting"
        self.heartbeat = Path(settings.MQTT_HEARTBEAT_FILE)

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        heartbeat = loop.create_task(self._beat())
        try:
            await self._keep_connected()
        finally:
            heartbeat.cancel()
            self.heartbeat.unlink(missing_ok=True)
        logger.info("mqtt_stopped")

    async def _keep_connected(self) -> None:
        pause = FIRST_PAUSE
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                async with Client() as client:
                    await self._serve(client)
            except MqttError as error:
                reason = str(error) or type(error).__name__
            except Exception as error:
                logger.exception("mqtt_failed")
                reason = type(error).__name__
            if self.stopping.is_set():
                return
            self._set_state("connecting")
            # The database may be the reason.
            await sync_to_async(close_old_connections)()
            if time.monotonic() - started > STABLE:
                pause = FIRST_PAUSE
            # Random, so that bridges and devices do not return to a restarted broker in one moment.
            wait = random.uniform(pause / 2, pause)  # noqa: S311 - not for security
            logger.warning("mqtt_disconnected", reason=reason, retry_in=round(wait, 1))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), timeout=wait)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _serve(self, client: Client) -> None:
        """Receive and publish until the connection breaks or the process is stopped."""
        for topic_filter in self.filters:
            codes = await client.subscribe(topic_filter, qos=1)
            if any(isinstance(code, ReasonCode) and code.is_failure for code in codes):
                raise MqttError(f"The broker refuses the subscription to {topic_filter}.")
        self._set_state("connected")
        logger.info("mqtt_connected", client=client.identifier)
        jobs = [self._receive_all(client), self._publish_all(client), self.stopping.wait()]
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            async with self.working:
                for task in tasks:
                    task.cancel()
        finally:
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _receive_all(self, client: Client) -> None:
        async for message in client.messages:
            async with self.working:
                await self.receive(topic=str(message.topic), payload=bytes(message.payload))
                client.ack(message)
                client.require_redelivery()

    async def _publish_all(self, client: Client) -> None:
        while True:
            for message in await self.claim():
                try:
                    await client.publish(message.topic, message.payload, qos=1)
                except RefusedError as error:
                    logger.warning("mqtt_publish_refused", topic=message.topic, reason=str(error))
                else:
                    await self.published(key=message.key)
            await asyncio.sleep(OUTBOX_INTERVAL)

    async def _beat(self) -> None:
        while True:
            self._set_state(self.state)
            await asyncio.sleep(HEARTBEAT_INTERVAL)

    def _set_state(self, state: str) -> None:
        """Write the state for health checks, atomically."""
        self.state = state
        new = self.heartbeat.with_suffix(".new")
        try:
            new.write_text(state, encoding="utf-8")
            new.replace(self.heartbeat)
        except OSError as error:
            # Not fatal: health checks notice the outdated file.
            logger.warning("heartbeat_unwritable", path=str(self.heartbeat), reason=error.strerror)
