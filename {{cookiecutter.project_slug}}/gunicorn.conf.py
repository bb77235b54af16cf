"""How gunicorn serves the project: `gunicorn`. https://gunicorn.org/reference/settings/"""

import multiprocessing
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from config.env import env

# % filter replace("config.asgi", cookiecutter.__application)
wsgi_app = "config.asgi"
# % endfilter
# % filter replace("apps.realtime.server", cookiecutter.__server)
worker_class = "apps.realtime.server.Worker"
# % endfilter
bind: str = env("WEB_BIND", default="0.0.0.0:8000")
workers: int = env("WEB_CONCURRENCY", default=0, cast=int) or multiprocessing.cpu_count()
threads: int = env("WEB_THREADS", default=4, cast=int)
timeout: int = env("WEB_TIMEOUT", default=30, cast=int)
# Longer than the proxy keeps an idle connection to here: else it sends into one that has just been closed.
keepalive: int = env("WEB_KEEPALIVE", default=125, cast=int)
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


# % if cookiecutter.use_celery
def when_ready(_server: Any) -> None:
    """Import what queues tasks before the processes fork: the first mail of each would tell by its time."""
    from apps.tasks import tasks  # noqa: F401, PLC0415 - needs the settings, which `preload_app` has read


# % endif
class ProjectLogger(Logger):
    """Gives gunicorn's own lines the format of the project's, which `preload_app` has set up by then."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)  # type: ignore[no-untyped-call]
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = ProjectLogger
