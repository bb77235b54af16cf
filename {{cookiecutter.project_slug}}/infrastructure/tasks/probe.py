"""Is the worker, or beat, alive and ready? For probes: it looks at a file, asks nobody, and starts no Django.

    python -m infrastructure.tasks.probe live worker
    python -m infrastructure.tasks.probe ready beat

Alive is who said so lately. A worker is ready when it consumes, a beat when it fires or stands by.
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
    """The exit status says whether it is; 2 for a wrong question."""
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
