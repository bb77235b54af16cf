"""Gunicorn worker with threads. https://gunicorn.org/design/"""

import time
from concurrent.futures import Future
from contextlib import suppress
from socket import SHUT_RDWR
from types import FrameType
from typing import Any

from gunicorn.util import close_graceful
from gunicorn.workers import gthread

from config.settings.components.security import WEB_REQUEST_TIMEOUT

# Minimum time in a thread for a request that has waited in the queue.
MIN_SECONDS = 1
# How long a thread waits for the first byte of a connection before it returns it to the poller.
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.2


class Worker(gthread.ThreadWorker):
    """Thread worker with a deadline per request and a graceful shutdown that closes the listening sockets.

    gthread waits for slow clients without a limit: one slow client per thread would block the worker.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        # Connections in a thread, with their deadline.
        self.deadlines: dict[gthread.TConn, float] = {}

    def notify(self) -> None:
        """Close connections after their deadline. gthread calls this once a second."""
        super().notify()  # type: ignore[no-untyped-call]
        now = time.monotonic()
        for conn, deadline in self.deadlines.copy().items():
            if deadline < now:
                self.deadlines.pop(conn, None)
                self.log.warning("A request took longer than WEB_REQUEST_TIMEOUT: its connection is closed.")
                with suppress(OSError):
                    conn.sock.shutdown(SHUT_RDWR)

    def enqueue_req(self, conn: gthread.TConn) -> None:
        conn.timeout = time.monotonic() + WEB_REQUEST_TIMEOUT
        super().enqueue_req(conn)  # type: ignore[no-untyped-call]

    def handle(self, conn: gthread.TConn) -> object:
        self.deadlines[conn] = max(conn.timeout or 0, time.monotonic() + MIN_SECONDS)
        try:
            kept = super().handle(conn)  # type: ignore[no-untyped-call]
            if kept is False:
                # gthread's main thread would always wait two seconds for the client to close the connection.
                whole = conn.parser and conn.parser.finish_body(deadline=time.monotonic() + 0.1)
                close_graceful(conn.sock, timeout=0 if whole else 2)  # type: ignore[no-untyped-call]
            return kept
        finally:
            self.deadlines.pop(conn, None)

    def finish_request(self, conn: gthread.TConn, future: Future[object]) -> None:
        if conn.sock.fileno() == -1:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, future)  # type: ignore[no-untyped-call]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Accept the pending connections, then close the listening sockets.

        gthread keeps the sockets open until its last request is finished, without accepting connections. When
        the connection is refused, a proxy tries another server.
        """
        self.method_queue.defer(self.stop_listening)  # type: ignore[no-untyped-call]
        super().handle_exit(sig, frame)  # type: ignore[no-untyped-call]

    def stop_listening(self) -> None:
        self.set_accept_enabled(enabled=False)  # type: ignore[no-untyped-call]
        for listener in self.sockets:
            taken = None
            while taken != self.nr_conns:
                taken = self.nr_conns
                self.accept(listener)  # type: ignore[no-untyped-call]
            listener.close()
