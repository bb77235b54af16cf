"""Health check of the worker and beat, by their heartbeat file, without starting Django.

    python -m infrastructure.tasks.healthcheck live worker
    python -m infrastructure.tasks.healthcheck ready beat

A process is ready if its heartbeat is recent and it is connected to the broker. It is alive if it is ready or
connecting, however long that takes.
"""

import sys
import time
from pathlib import Path

from config.env import env

FRESH_SECONDS = 60
USAGE = "usage: python -m infrastructure.tasks.healthcheck {live|ready} {worker|beat}\n"


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 for yes, 1 for no, 2 for invalid arguments."""
    match arguments:
        case ["live" | "ready" as question, "worker" | "beat" as process]:
            return int(not _is(question, process))
    sys.stderr.write(USAGE)
    return 2


def _is(question: str, process: str) -> bool:
    file = Path(env.path("CELERY_HEARTBEAT_DIR", ".")) / f".celery-{process}"
    try:
        age = time.time() - file.stat().st_mtime
        state = file.read_text(encoding="utf-8")
    except OSError:
        return False
    if state == "connecting":
        return question == "live"
    return age < FRESH_SECONDS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
