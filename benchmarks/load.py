"""Run `make load` for a project with all options, on PostgreSQL and Redis, with two server processes.

Usage: `.venv/bin/python benchmarks/load.py [seconds] [users]`. Prints the table of the run and the load average of the
machine, which should otherwise be idle.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil
from project import project

sys.path += [str(Path(__file__).resolve().parent.parent / folder) for folder in ("hooks", "tests")]

from baking import everything_on
from servers import PostgreSQL, Program, Redis, Web, production

WORKERS = 2
LIMITS = ("THROTTLE_ANON", "THROTTLE_USER", "THROTTLE_AUTH", "THROTTLE_TOKEN")


def main(seconds: int = 60, users: int = 50) -> int:
    """Print the table; return 0 if all targets are met."""
    answers = everything_on()
    folder = project(*(f"{key}={value}" for key, value in answers.items()))
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(Redis(place))
        env = production(
            folder,
            DATABASE_URL=stack.enter_context(PostgreSQL()).create_database("measured"),
            REDIS_URL=redis.url,
            CELERY_BROKER_URL=redis.url,
            **dict.fromkeys(LIMITS, "none"),
        )
        web = stack.enter_context(Web(folder, place, env, workers=WORKERS))
        if answers.get("use_celery"):
            celery = folder / ".venv" / "bin" / "celery"
            command = f"--app config.celery worker --queues critical,default,bulk --concurrency {WORKERS}"
            stack.enter_context(Program(celery, *command.split(), cwd=folder, env=env, log=place / "worker.log"))
        before = os.getloadavg()[0]
        load = ["make", "--silent", "load", f"URL={web.url}", f"USERS={users}", f"TIME={seconds}s"]
        status = subprocess.run(load, cwd=folder, env=env, check=False).returncode
    memory = psutil.virtual_memory().total / 1024**3
    print(
        f"\n{users} people, {seconds} s, {WORKERS} processes, {os.cpu_count()} cores, {memory:.0f} GiB, {sys.platform}"
    )
    print(f"load of the machine before: {before:.1f}")
    return status


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
