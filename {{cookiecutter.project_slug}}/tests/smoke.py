"""Smoke test that serves one request over a real socket: `python -m tests.smoke`."""

import os
import sys
import threading
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.core.wsgi import get_wsgi_application


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Discard the access log; the application logs requests itself."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=QuietHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/health/ready/"
        with urlopen(url, timeout=30) as response:
            sys.stdout.write(f"{url} {response.status} {response.read().decode()}\n")
        server.shutdown()


if __name__ == "__main__":
    main()
