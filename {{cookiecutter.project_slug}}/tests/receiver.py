"""Loopback server that records requests, as a stand-in for Sentry or an OpenTelemetry collector."""

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from threading import Event, Thread

PATIENCE = 30
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: import_module("brotli").decompress(body),  # an untyped optional dependency
    "gzip": gzip.decompress,
    "identity": bytes,
}


class Receiver(ThreadingHTTPServer):
    """Server that responds to each POST with 200 and `body`, once `open` is set."""

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.received: list[tuple[str, bytes]] = []
        self.open = Event()
        self.open.set()

    def wait_for(self, what: Callable[[], bool]) -> None:
        """Wait until a condition holds for the received requests.

        Raises:
            AssertionError: the wait timed out.
        """
        deadline = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < deadline, [path for path, _ in self.received]
            time.sleep(0.01)


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        decode = DECODERS[self.headers.get("Content-Encoding", "identity")]
        self.server.received.append((self.path, decode(body)))
        self.server.open.wait(PATIENCE)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Discard the access log."""


@contextmanager
def receiving(body: bytes = b"") -> Iterator[Receiver]:
    """Listen on a free port."""
    with Receiver(body) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.open.set()
            server.shutdown()
            thread.join()
