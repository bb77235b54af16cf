"""How gunicorn serves the project: `gunicorn`. https://gunicorn.org/reference/settings/"""

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
# Longer than the proxy keeps an idle connection to here: else it sends into one that has just been closed.
keepalive = env.integer("WEB_KEEPALIVE", default=125)
# On SIGTERM a worker takes no more requests and has this long to finish those it has.
graceful_timeout = env.integer("WEB_GRACEFUL_TIMEOUT", default=30)
# A worker is replaced after so many requests, not all at the same time: bounds what a leak can take.
max_requests = env.integer("WEB_MAX_REQUESTS", default=1000)
max_requests_jitter = max_requests // 10
env.check()
# Heartbeats must not wait for a disk. https://gunicorn.org/guides/docker/
_memory = Path("/dev/shm")  # noqa: S108 - a file system in memory, on Linux
worker_tmp_dir = str(_memory) if _memory.is_dir() else None
preload_app = True
# Whoever runs it has signals; a socket in the home folder would be one more way in.
control_socket_disable = True
accesslog = None


def when_ready(_server: Any) -> None:
    """Prepare the process that the workers are forked from."""
    # % if cookiecutter.use_celery
    # Tasks, because the first mail of each worker would tell by its time.
    from infrastructure.tasks import tasks  # noqa: F401, PLC0415 - needs the settings, which `preload_app` has read

    # % endif
    # What is loaded stays shared memory, and no collection looks at it. https://docs.python.org/3/library/gc.html
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


class ProjectLogger(Logger):
    """Gives gunicorn's own lines the format of the project's, which `preload_app` has set up by then."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)  # type: ignore[no-untyped-call]
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = ProjectLogger
