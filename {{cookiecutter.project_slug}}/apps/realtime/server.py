"""Gunicorn worker that serves HTTP and WebSockets: https://uvicorn.dev/deployment/"""

import asyncio
import logging
import signal
import sys
from types import FrameType
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn_worker import UvicornWorker

from config.settings.components.realtime import REALTIME_MESSAGE_MAX_BYTES
from config.settings.components.security import WEB_REQUEST_TIMEOUT

# Key of an event stream in the ASGI scope, see `apps.realtime.event_streams`.
STREAM = "realtime.stream"


class Protocol(H11Protocol):
    """HTTP/1.1 protocol with a deadline per request, from its first byte to the last of its response."""

    idle = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in H11Protocol
        super().connection_made(transport)
        self.deadline = self.loop.call_later(WEB_REQUEST_TIMEOUT, self.cut_off)

    def data_received(self, data: bytes) -> None:
        if self.idle:
            self.idle = False
            self.deadline.cancel()
            self.deadline = self.loop.call_later(WEB_REQUEST_TIMEOUT, self.cut_off)
        super().data_received(data)

    def on_response_complete(self) -> None:
        self.idle = True
        if self.conn.trailing_data[0]:
            # A pipelined request would start without a deadline; the client repeats it.
            self.transport.close()
        super().on_response_complete()

    def cut_off(self) -> None:
        """Abort the connection unless it is idle and the response has been sent completely."""
        if self._stream():
            # It ends by itself; later, its client must have read the rest.
            self.deadline = self.loop.call_later(WEB_REQUEST_TIMEOUT, self.cut_off)
            return
        unfinished = not self.idle or self.transport.get_write_buffer_size()
        if unfinished and self.transport.get_protocol() is self:
            self.logger.warning("A request took longer than WEB_REQUEST_TIMEOUT: its connection is closed.")
            self.transport.abort()

    def shutdown(self) -> None:
        super().shutdown()
        if stream := self._stream():
            stream.close()

    def _stream(self) -> Any:
        # None before the first request.
        scope: Any = self.scope
        return scope and scope.get(STREAM)

    def connection_lost(self, exc: Exception | None) -> None:
        self.deadline.cancel()
        super().connection_lost(exc)


class Worker(UvicornWorker):
    """Uvicorn worker with the logging configuration of the project."""

    CONFIG_KWARGS = {
        "access_log": False,
        "http": Protocol,
        "lifespan": "off",
        # Evaluated by the project, according to NUM_PROXIES.
        "proxy_headers": False,
        "server_header": False,
        # Rejects larger messages before they are read completely.
        "ws_max_size": REALTIME_MESSAGE_MAX_BYTES,
        # Detects connections that were lost without a close.
        "ws_ping_interval": 20,
        "ws_ping_timeout": 20,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Graceful shutdown closes open sockets and gives requests the same time as other workers do.
        self.config.timeout_graceful_shutdown = self.cfg.graceful_timeout
        log = logging.getLogger("uvicorn.error")
        log.handlers = []
        log.propagate = True
        # Lower levels log IP address and query string of each handshake.
        log.setLevel(logging.WARNING)

    def init_signals(self) -> None:
        """Exit through `sys.exit`, so that exit handlers run and send pending mails and traces.

        After its shutdown, uvicorn raises the signal again; the default handler would kill the process.
        """
        super().init_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
