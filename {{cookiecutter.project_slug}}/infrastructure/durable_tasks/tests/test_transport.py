"""Broker transport with a real Redis."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from kombu import Connection
from redis.exceptions import ConnectionError as RedisConnectionError

from infrastructure.durable_tasks.transport import Channel, Transport

URL = settings.CACHES["default"].get("LOCATION", "")

pytestmark = pytest.mark.skipif("redis" not in URL, reason="needs REDIS_URL")


@pytest.mark.parametrize("prefix", ["", "shop:"])
def test_transport_delivers_with_and_without_key_prefix(prefix: str) -> None:
    own = uuid.uuid4().hex
    options = {"global_keyprefix": f"{prefix}{own}:" if prefix else "", "unacked_key": f"{own}.unacked"}
    redis: Any = caches["default"]
    client = redis.client.get_client()
    with Connection(URL, transport=Transport, transport_options=options) as connection:
        queue = connection.SimpleQueue(f"{own}.queue")
        for number in range(3):
            queue.put({"number": number})
        messages = [queue.get(timeout=10) for _ in range(3)]
        assert [message.payload["number"] for message in messages] == [0, 1, 2]
        unacked = f"{options['global_keyprefix']}{own}.unacked"
        assert client.hlen(unacked) == 3
        for message in messages:
            message.ack()
        assert client.hlen(unacked) == 0
        queue.close()
    keys = list(client.scan_iter(f"*{own}*"))
    assert keys
    assert all(key.decode().startswith(options["global_keyprefix"]) for key in keys)
    client.delete(*keys)


def test_transport_closes_when_broker_is_lost_during_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_to_read(channel: Any, **_options: Any) -> None:
        monkeypatch.setattr(channel, "_in_poll", None)
        raise RedisConnectionError

    def fail() -> None:
        raise RedisConnectionError

    own = uuid.uuid4().hex
    connection = Connection(URL, transport=Transport, transport_options={"unacked_key": f"{own}.unacked"})
    queue = connection.SimpleQueue(f"{own}.queue", queue_opts={"durable": False})
    queue.put({})
    assert queue.get(timeout=10).payload == {}
    channel: Any = connection.default_channel
    monkeypatch.setattr(channel, "_in_poll", channel.client.connection)
    monkeypatch.setattr(Channel, "_brpop_read", fail_to_read)
    monkeypatch.setattr(connection.channel(), "close", fail)
    # As in a worker: `collect` closes the lost connection, `release` the rest.
    connection.collect()
    connection.release()
    assert channel.closed
    redis: Any = caches["default"]
    client = redis.client.get_client()
    # The unacknowledged message is requeued.
    assert client.llen(f"{own}.queue") == 1
    client.delete(*client.scan_iter(f"*{own}*"))
