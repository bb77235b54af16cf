"""Gunicorn configuration. https://gunicorn.org/reference/settings/"""

import gc
import multiprocessing
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from config.env import PORT, Form, env

# % if not cookiecutter.use_channels
wsgi_app = "config.wsgi"
worker_class = "infrastructure.http.server.Worker"
# % endif
# % if cookiecutter.use_channels
wsgi_app = "config.asgi"
worker_class = "apps.realtime.server.Worker"
# % endif
_BIND = Form(
    rf"[^\s:]*:{PORT}|\[[0-9a-fA-F:]+\]:{PORT}|unix:\S+|fd://\d+", "an address such as 127.0.0.1:8000"
)
bind = env.text("WEB_BIND", "0.0.0.0:8000", form=_BIND)
workers = env.integer("WEB_CONCURRENCY", default=0) or multiprocessing.cpu_count()
threads = env.integer("WEB_THREADS", default=4, minimum=1)
timeout = env.integer("WEB_TIMEOUT", default=30)
# Longer than the proxy's idle timeout, else the proxy may use a connection that has just been closed.
keepalive = env.integer("WEB_KEEPALIVE", default=125)
# Graceful shutdown: time after SIGTERM to finish the current requests.
graceful_timeout = env.integer("WEB_GRACEFUL_TIMEOUT", default=30)
# Workers restart after this many requests, with jitter, which bounds memory leaks.
max_requests = env.integer("WEB_MAX_REQUESTS", default=1000)
max_requests_jitter = max_requests // 10
env.check()
# Heartbeats must not block on disk I/O. https://gunicorn.org/guides/docker/
_memory = Path("/dev/shm")  # noqa: S108 - a file system in memory, on Linux
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
preload_app = True
# Signals suffice; a control socket would be an additional attack surface.
control_socket_disable = True
accesslog = None


def when_ready(_server: Any) -> None:
    """Prepare the master process before workers are forked."""
    # % if cookiecutter.use_celery
    # Else importing Celery would delay the first mail of each worker (account enumeration by timing).
    from apps.core import tasks  # noqa: F401, PLC0415 - needs the settings, which `preload_app` has read

    # % endif
    # Exclude loaded objects from collection, so that their memory stays shared.
    # https://docs.python.org/3/library/gc.html#gc.freeze
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


class ProjectLogger(Logger):
    """Logger that passes gunicorn's log lines to the project's handlers, configured by `preload_app`."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)  # type: ignore[no-untyped-call]
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = ProjectLogger
