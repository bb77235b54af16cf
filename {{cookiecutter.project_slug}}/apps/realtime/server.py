"""How gunicorn serves HTTP and WebSockets by one process: https://uvicorn.dev/deployment/"""

import logging
import signal
import sys
from types import FrameType
from typing import Any

from uvicorn_worker import UvicornWorker

from config.settings.components.realtime import REALTIME_MESSAGE_MAX_BYTES


class Worker(UvicornWorker):
    """uvicorn, in the format of the project's log."""

    CONFIG_KWARGS = {
        "access_log": False,
        "lifespan": "off",
        # The project reads these headers itself, by NUM_PROXIES.
        "proxy_headers": False,
        "server_header": False,
        # Refused before it is read as a whole.
        "ws_max_size": REALTIME_MESSAGE_MAX_BYTES,
        # Whoever is gone without a word is noticed.
        "ws_ping_interval": 20,
        "ws_ping_timeout": 20,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Open sockets are closed when it is told to end, and requests have as long as with other workers.
        self.config.timeout_graceful_shutdown = self.cfg.graceful_timeout
        log = logging.getLogger("uvicorn.error")
        log.handlers = []
        log.propagate = True
        # Below that it logs the address and the query of each handshake.
        log.setLevel(logging.WARNING)

    def init_signals(self) -> None:
        """End as Python does, after what waits to run at its end: mails, traces.

        When it has shut down, uvicorn sends itself the signal again that told it to; by default that is the
        end at once.
        """
        super().init_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
