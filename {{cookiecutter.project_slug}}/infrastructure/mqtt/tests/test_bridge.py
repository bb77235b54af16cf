"""Bridge with a small broker that shows when messages are acknowledged."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from infrastructure.mqtt import bridge as bridge_module
from infrastructure.mqtt.bridge import Bridge
from infrastructure.mqtt.healthcheck import main
from infrastructure.mqtt.tests.broker import Broker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from pytest_django import Settings

TOPIC = "devices/1/telemetry"
PATIENCE = 20
NOT_AUTHORIZED = 0x87


@dataclass
class Outgoing:
    key: int
    topic: str
    payload: str


@dataclass
class Project:
    """Functions that the bridge calls, which record their arguments."""

    received: list[bytes] = field(default_factory=list)
    outbox: list[Outgoing] = field(default_factory=list)
    published: list[int] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    proceed: threading.Event = field(default_factory=threading.Event)
    bridge: Bridge | None = None

    def receive(self, *, topic: str, payload: bytes) -> None:
        self.received.append(payload)
        assert self.proceed.wait(PATIENCE)
        if self.errors:
            raise self.errors.pop()

    def claim(self) -> list[Outgoing]:
        return [message for message in self.outbox if message.key not in self.published]

    def publish(self, *, key: int) -> None:
        self.published.append(key)


@pytest.fixture
def project() -> Project:
    project = Project()
    project.proceed.set()
    return project


@pytest.fixture(autouse=True)
def _fast(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings.MQTT_HEARTBEAT_FILE = str(tmp_path / "bridge")
    settings.MQTT_PROTOCOL = "5"
    settings.MQTT_IN_FLIGHT = 100
    monkeypatch.setenv("MQTT_HEARTBEAT_FILE", str(tmp_path / "bridge"))
    for name, seconds in {"FIRST_PAUSE": 0.01, "LONGEST_PAUSE": 0.02, "OUTBOX_INTERVAL": 0.01}.items():
        monkeypatch.setattr(bridge_module, name, seconds)


@asynccontextmanager
async def running(project: Project, settings: Settings, **options: Any) -> AsyncIterator[Broker]:
    """Run a broker and a bridge, which must end without an error."""
    async with Broker() as broker:
        for name, value in options.items():
            setattr(broker, name, value)
        settings.MQTT_URL = f"mqtt://bridge:pass%40word@127.0.0.1:{broker.port}"
        bridge = Bridge(
            filters=["devices/+/telemetry/#"],
            receive=project.receive,
            claim=project.claim,
            published=project.publish,
        )
        project.bridge = bridge
        task = asyncio.create_task(bridge.run())
        try:
            yield broker
        finally:
            project.proceed.set()
            bridge.stopping.set()
            await asyncio.wait_for(task, PATIENCE)


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0.005)


def test_message_is_acknowledged_after_its_processing(project: Project, settings: Settings) -> None:
    project.proceed.clear()

    async def scenario() -> None:
        async with running(project, settings) as broker:
            await eventually(lambda: broker.subscriptions)
            broker.publish(1, TOPIC, b"one")
            broker.publish(2, TOPIC, b"two")
            await eventually(lambda: project.received)
            assert broker.acknowledged == []
            project.proceed.set()
            await eventually(lambda: broker.acknowledged == [1, 2])

    asyncio.run(scenario())
    assert project.received == [b"one", b"two"]


def test_failed_message_is_delivered_again_in_the_same_session(project: Project, settings: Settings) -> None:
    project.errors = [OSError("unavailable"), RuntimeError("bug")]

    async def scenario() -> None:
        async with running(project, settings) as broker:
            await eventually(lambda: broker.subscriptions)
            broker.publish(1, TOPIC, b"one")
            await eventually(lambda: broker.acknowledged)
            assert broker.clean_starts == [False] * 3

    asyncio.run(scenario())
    assert project.received == [b"one"] * 3


def test_topic_that_is_not_utf8_does_not_stop_the_bridge(project: Project, settings: Settings) -> None:
    async def scenario() -> None:
        async with running(project, settings) as broker:
            await eventually(lambda: broker.subscriptions)
            broker.publish(1, f"{TOPIC}/\udcff", b"one")
            broker.publish(2, TOPIC, b"two")
            await eventually(lambda: broker.acknowledged == [1, 2])
            assert len(broker.clean_starts) == 1

    asyncio.run(scenario())
    assert project.received == [b"two"]


def test_messages_beyond_the_queue_are_delivered_again(project: Project, settings: Settings) -> None:
    settings.MQTT_IN_FLIGHT = 2
    project.proceed.clear()

    async def scenario() -> None:
        async with running(project, settings) as broker:
            await eventually(lambda: broker.subscriptions)
            for number in range(1, 20):
                broker.publish(number, TOPIC, str(number).encode())
            await eventually(lambda: project.received)
            project.proceed.set()
            await eventually(lambda: not broker.waiting)
            assert len(broker.clean_starts) > 1

    asyncio.run(scenario())
    assert {*project.received} == {str(number).encode() for number in range(1, 20)}


def test_messages_of_the_outbox_are_published(project: Project, settings: Settings) -> None:
    project.outbox = [Outgoing(1, "devices/1/commands", "a"), Outgoing(2, "devices/2/commands", "b")]

    async def scenario() -> None:
        async with running(project, settings) as broker:
            await eventually(lambda: project.published == [1, 2])
            assert broker.received == [("devices/1/commands", b"a"), ("devices/2/commands", b"b")]

    asyncio.run(scenario())


def test_refused_message_of_the_outbox_stays_there(project: Project, settings: Settings) -> None:
    project.outbox = [Outgoing(1, "devices/1/commands", "a"), Outgoing(2, "devices/2/commands", "b")]

    async def scenario() -> None:
        async with running(project, settings, accepted=NOT_AUTHORIZED) as broker:
            await eventually(lambda: len(broker.received) >= 4)
            assert project.published == []
            assert len(broker.clean_starts) == 1
            broker.accepted = 0
            await eventually(lambda: project.published == [1, 2])

    asyncio.run(scenario())


@pytest.mark.parametrize(("attribute", "works"), [("refuse", 0), ("granted", 1)])
def test_refusal_is_retried_and_reported(
    project: Project, settings: Settings, attribute: str, works: int
) -> None:
    async def scenario() -> None:
        async with running(project, settings, **{attribute: NOT_AUTHORIZED}) as broker:
            await eventually(lambda: len(broker.clean_starts) >= 3)
            assert (main(["live"]), main(["ready"])) == (0, 1)
            setattr(broker, attribute, works)
            await eventually(lambda: main(["ready"]) == 0)

    asyncio.run(scenario())
    assert (main(["live"]), main(["ready"])) == (1, 1)


def test_sigterm_waits_for_the_current_message(project: Project, settings: Settings) -> None:
    project.proceed.clear()

    async def scenario() -> list[int]:
        async with running(project, settings) as broker:
            await eventually(lambda: broker.subscriptions)
            broker.publish(1, TOPIC, b"one")
            broker.publish(2, TOPIC, b"two")
            await eventually(lambda: project.received)
            os.kill(os.getpid(), signal.SIGTERM)
            await eventually(lambda: project.bridge and project.bridge.stopping.is_set())
            assert broker.acknowledged == []
        return broker.acknowledged

    assert asyncio.run(scenario()) == [1]
    assert project.received == [b"one"]


def test_healthcheck_reads_age_and_state(tmp_path: Path) -> None:
    file = tmp_path / "bridge"
    assert main(["live"]) == 1
    file.write_text("connected", encoding="utf-8")
    assert main(["ready"]) == 0
    os.utime(file, (1, 1))
    assert main(["live"]) == 1
    assert main(["other"]) == 2
