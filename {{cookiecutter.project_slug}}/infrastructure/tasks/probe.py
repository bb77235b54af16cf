"""Liveness and readiness of the worker and beat, by their heartbeat file, without starting Django.

    python -m infrastructure.tasks.probe live worker
    python -m infrastructure.tasks.probe ready beat

A process is alive if its heartbeat is recent. A worker is ready when it consumes, beat when it is active or
on standby.
https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
"""

import sys
import time
from pathlib import Path

from config.env import env

FRESH_SECONDS = 60
READY = {"worker": {"consuming"}, "beat": {"active", "standby"}}
USAGE = "usage: python -m infrastructure.tasks.probe {live|ready} {worker|beat}\n"


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
    return age < FRESH_SECONDS and (question == "live" or state in READY[process])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
