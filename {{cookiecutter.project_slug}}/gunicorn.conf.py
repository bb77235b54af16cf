"""How gunicorn serves the project: `gunicorn config.wsgi`. https://gunicorn.org/reference/settings/"""

import multiprocessing
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from config.env import env

bind: str = env("WEB_BIND", default="0.0.0.0:8000")
workers: int = env("WEB_CONCURRENCY", default=0, cast=int) or multiprocessing.cpu_count()
worker_class = "gthread"
threads: int = env("WEB_THREADS", default=4, cast=int)
timeout: int = env("WEB_TIMEOUT", default=30, cast=int)
# On SIGTERM a worker takes no more requests and has this long to finish those it has.
graceful_timeout: int = env("WEB_GRACEFUL_TIMEOUT", default=30, cast=int)
# A worker is replaced after so many requests, not all at the same time: bounds what a leak can take.
max_requests: int = env("WEB_MAX_REQUESTS", default=1000, cast=int)
max_requests_jitter = max_requests // 10
# Heartbeats must not wait for a disk. https://gunicorn.org/guides/docker/
_memory = Path("/dev/shm")  # noqa: S108 - a file system in memory, on Linux
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
preload_app = True
# Whoever runs it has signals; a socket in the home folder would be one more way in.
control_socket_disable = True
accesslog = None


class ProjectLogger(Logger):
    """Gives gunicorn's own lines the format of the project's, which `preload_app` has set up by then."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)  # type: ignore[no-untyped-call]
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = ProjectLogger
