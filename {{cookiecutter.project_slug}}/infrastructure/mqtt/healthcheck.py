"""Health check of the MQTT bridge, by its heartbeat file, without starting Django.

    python -m infrastructure.mqtt.healthcheck live
    python -m infrastructure.mqtt.healthcheck ready

The bridge is alive if its heartbeat is recent, and ready if it is connected to the broker as well.
"""

import sys
import time
from pathlib import Path

from config.env import env

FRESH_SECONDS = 60
USAGE = "usage: python -m infrastructure.mqtt.healthcheck {live|ready}\n"


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 for yes, 1 for no, 2 for invalid arguments."""
    match arguments:
        case ["live" | "ready" as question]:
            return int(not _is(question))
    sys.stderr.write(USAGE)
    return 2


def _is(question: str) -> bool:
    file = Path(env.path("MQTT_HEARTBEAT_FILE", ".mqtt-bridge"))
    try:
        age = time.time() - file.stat().st_mtime
        state = file.read_text(encoding="utf-8")
    except OSError:
        return False
    return age < FRESH_SECONDS and (question == "live" or state == "connected")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
