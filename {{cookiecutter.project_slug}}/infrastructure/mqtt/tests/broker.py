"""Small MQTT 5 broker on a loopback port, in the event loop of a test.

It delivers messages again until they are acknowledged, which the test can observe.
"""

from __future__ import annotations

import asyncio
from typing import Any, Self

# https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901022
PUBLISH = 0x30
QOS_1, DUP = 0x02, 0x08


class Broker:
    """Broker with one session.

    Attributes:
        refuse: the reason code of CONNACK; 0 accepts the login.
        granted: the reason code of SUBACK; 1 grants QoS 1.
        accepted: the reason code of PUBACK; 0 accepts the message.
        clean_starts: for each connection, whether the client asked for a new session.
        subscriptions: the filters of the client.
        acknowledged: packet identifiers, in the order of their PUBACK.
        received: topics and payloads that the client published.
    """

    def __init__(self) -> None:
        self.refuse, self.granted, self.accepted = 0, 1, 0
        self.clean_starts: list[bool] = []
        self.subscriptions: list[str] = []
        self.acknowledged: list[int] = []
        self.received: list[tuple[str, bytes]] = []
        self.waiting: dict[int, tuple[str, bytes]] = {}
        self.sent: set[int] = set()
        self.writer: asyncio.StreamWriter | None = None
        self.tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def publish(self, number: int, topic: str, payload: bytes) -> None:
        """Deliver a message with QoS 1; the number is its packet identifier."""
        self.waiting[number] = (topic, payload)
        if self.writer:
            self._deliver(number)

    def _deliver(self, number: int) -> None:
        topic, payload = self.waiting[number]
        flags = QOS_1 | (DUP if number in self.sent else 0)
        self.sent.add(number)
        self._send(PUBLISH | flags, _text(topic) + number.to_bytes(2) + b"\0" + payload)

    def _send(self, kind: int, body: bytes) -> None:
        assert self.writer
        length, encoded = len(body), bytearray()
        while True:
            length, digit = divmod(length, 128)
            encoded.append(digit | (0x80 if length else 0))
            if not length:
                break
        self.writer.write(bytes([kind, *encoded]) + body)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.tasks.add(task)
        try:
            while True:
                kind = (await reader.readexactly(1))[0]
                body = await reader.readexactly(await _length(reader))
                self._answer(kind, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            if self.writer is writer:
                self.writer = None
            writer.close()

    def _answer(self, kind: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        match kind & 0xF0:
            case 0x10:  # CONNECT: protocol name and version, then flags
                self.clean_starts.append(bool(body[7] & 0x02))
                self.writer = writer
                self._send(0x20, bytes([1, self.refuse, 0]))
                if self.refuse:
                    self.writer = None
                    raise ConnectionError
                for number in [*self.waiting]:
                    self._deliver(number)
            case 0x80:  # SUBSCRIBE without properties
                self.subscriptions.append(body[5:-1].decode())
                self._send(0x90, body[:2] + bytes([0, self.granted]))
            case 0x30:  # PUBLISH without properties
                end = 2 + int.from_bytes(body[:2])
                self.received.append((body[2:end].decode(), body[end + 3 :]))
                self._send(0x40, body[end : end + 2] + bytes([self.accepted]))
            case 0x40:  # PUBACK
                number = int.from_bytes(body[:2])
                self.acknowledged.append(number)
                self.waiting.pop(number, None)
            case 0xC0:  # PINGREQ
                self._send(0xD0, b"")


def _text(text: str) -> bytes:
    # Surrogates represent bytes that are not UTF-8.
    encoded = text.encode(errors="surrogateescape")
    return len(encoded).to_bytes(2) + encoded


async def _length(reader: asyncio.StreamReader) -> int:
    value = shift = 0
    while True:
        digit = (await reader.readexactly(1))[0]
        value |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            return value
