"""Redis as a broker that loses no message when a worker is killed.

kombu takes a message from its queue first and notes that it is unacknowledged second: what a worker has taken
and not noted when it is killed is gone. Here Redis does both at once.

https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.redis.html
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from kombu.transport import redis

# Takes the next message of the first queue that has one, and notes it as kombu does. What is no message goes
# to the worker all the same, which throws it away.
# KEYS: the notes, their index by time, the bells, the queues. ARGV: the time, how many bells there are.
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
# So many workers are woken by a burst; the others look by themselves, each second.
RINGS = 100
# Not all queues have workers that come back: those for answers of workers are used once.
BELL_SECONDS = 60


class Channel(redis.Channel):
    """Takes messages by a script. Scripts cannot wait: an idle worker waits for the bell of a queue."""

    _idle = False

    # Of the superclass, for the type checker.
    connection_errors: tuple[type[BaseException], ...]
    _q_for_pri: Any
    global_keyprefix: str
    _queue_cycle: Any

    def close(self) -> None:
        """Close the channel, also when the broker is lost while the channel waits for it.

        kombu reads the pending response first. If that read fails, and another channel fails to close as
        well, this channel stays open, and the worker ends when it is closed again without its connection.
        """
        try:
            super().close()
        except self.connection_errors:
            super().close()

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)
        # The message is there: what fails now must not have it published again.
        with suppress(*self.connection_errors), self.conn_or_acquire() as client, client.pipeline() as pipe:
            bell = _bell(queue)
            pipe.lpush(bell, 1).ltrim(bell, 0, RINGS - 1).expire(bell, BELL_SECONDS).execute()

    def _brpop_start(self, timeout: float | None = None) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        connection = self._in_poll = self.client.connection
        self._brpop_sent_at = time.monotonic()
        # What is sent without the client has no prefix yet.
        bells = [f"{self.global_keyprefix}{_bell(queue)}" for queue in queues]
        if self._idle:
            connection.send_command("BRPOP", *bells, timeout or self.brpop_timeout)
        keys = [self.unacked_key, self.unacked_index_key]
        keys += [self._q_for_pri(queue, priority) for priority in self.priority_steps for queue in queues]
        keys = [f"{self.global_keyprefix}{key}" for key in keys]
        keys[2:2] = bells
        # Asked for its health meanwhile, Redis would answer the other question first.
        health = {"check_health": not self._idle}
        connection.send_command("EVAL", TAKE, len(keys), *keys, time.time(), len(bells), **health)

    def _brpop_read(self, **options: Any) -> Any:
        waited, self._idle = self._idle, True
        if waited:
            # As kombu does after each read, also after one that fails.
            self._in_poll = None
            self.client.connection.read_response()
        # Raises `Empty` when nothing was taken.
        taken = super()._brpop_read(**options)  # type: ignore[misc] # as above
        self._idle = False
        return taken


class Transport(redis.Transport):
    Channel = Channel


def _bell(queue: str) -> str:
    return f"{queue}.bell"
