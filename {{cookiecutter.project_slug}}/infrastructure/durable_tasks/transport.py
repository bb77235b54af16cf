"""Redis transport that loses no message when a worker is killed (https://github.com/celery/kombu/issues/305).

kombu pops a message from its queue first and registers it as unacknowledged second: a worker that is killed
in between loses the message. Here a script does both atomically.

https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.redis.html
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from kombu.transport import redis

# Pops the next message of the first non-empty queue, and registers it as unacknowledged as kombu does.
# Invalid messages are passed to the worker too, which discards them.
# KEYS: the unacknowledged messages, their index by time, the bells, the queues. ARGV: time, number of bells.
TAKE = """
local function note(text)
  local properties = cjson.decode(text).properties
  local exchange = cjson.encode(properties.delivery_info.exchange)
  local routing_key = cjson.encode(properties.delivery_info.routing_key)
  local taken = '[' .. text .. ',' .. exchange .. ',' .. routing_key .. ']'
  redis.call('HSET', KEYS[1], properties.delivery_tag, taken)
  redis.call('ZADD', KEYS[2], ARGV[1], properties.delivery_tag)
end

local bells = tonumber(ARGV[2])
for position = 3 + bells, #KEYS do
  local text = redis.call('RPOP', KEYS[position])
  if text then
    pcall(note, text)
    return {KEYS[position], text}
  end
end
redis.call('DEL', unpack(KEYS, 3, 2 + bells))
return false
"""
# Maximum number of workers that a burst wakes up; the others poll once a second.
RINGS = 100
# Bells expire, as some queues lose their consumers: reply queues of workers are used once.
BELL_SECONDS = 60


class Channel(redis.Channel):
    """Channel that pops messages by a script. Scripts cannot block: idle workers block on "bell" lists."""

    _idle = False

    # Attributes of the superclass, for the type checker.
    connection_errors: tuple[type[BaseException], ...]
    _q_for_pri: Any
    global_keyprefix: str
    _queue_cycle: Any

    def close(self) -> None:
        """Close the channel, even if the connection is lost during a pending read.

        kombu reads the pending response first. If that fails, and another channel fails to close as well,
        this channel stays open, and the worker crashes when it is closed again without its connection.
        """
        try:
            super().close()
        except self.connection_errors:
            super().close()

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)
        # The message is queued: an error here must not cause a second publish.
        with suppress(*self.connection_errors), self.conn_or_acquire() as client, client.pipeline() as pipe:
            bell = _bell(queue)
            pipe.lpush(bell, 1).ltrim(bell, 0, RINGS - 1).expire(bell, BELL_SECONDS).execute()

    def _brpop_start(self, timeout: float | None = None) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        connection = self._in_poll = self.client.connection
        self._brpop_sent_at = time.monotonic()
        # Commands that bypass the client need the key prefix.
        bells = [f"{self.global_keyprefix}{_bell(queue)}" for queue in queues]
        if self._idle:
            connection.send_command("BRPOP", *bells, timeout or self.brpop_timeout)
        keys = [self.unacked_key, self.unacked_index_key]
        keys += [self._q_for_pri(queue, priority) for priority in self.priority_steps for queue in queues]
        keys = [f"{self.global_keyprefix}{key}" for key in keys]
        keys[2:2] = bells
        # No health check while a BRPOP is pending: its response would be read as that of the check.
        health = {"check_health": not self._idle}
        connection.send_command("EVAL", TAKE, len(keys), *keys, time.time(), len(bells), **health)

    def _brpop_read(self, **options: Any) -> Any:
        waited, self._idle = self._idle, True
        if waited:
            # As kombu does after each read, even after a failed one.
            self._in_poll = None
            self.client.connection.read_response()
        # Raises `Empty` if there was no message.
        taken = super()._brpop_read(**options)  # type: ignore[misc] # as above
        self._idle = False
        return taken


class Transport(redis.Transport):
    Channel = Channel


def _bell(queue: str) -> str:
    return f"{queue}.bell"
