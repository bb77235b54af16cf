"""Measure the latency of a broadcast to all open WebSockets of a project in production, on PostgreSQL and Redis.

Usage: `.venv/bin/python benchmarks/sockets.py [sockets]`. The exit status is 0 if the target is met.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import requests
from project import project

sys.path += [str(Path(__file__).resolve().parent.parent / folder) for folder in ("hooks", "tests")]

from baking import run
from servers import PostgreSQL, Redis, Web, production
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

WORKERS = 2
TARGET = 2.0
ROUNDS = 5
EACH = 10  # REALTIME_SOCKETS_PER_USER
AT_ONCE = 20
LIMITS = ("THROTTLE_ANON", "THROTTLE_USER", "THROTTLE_AUTH", "THROTTLE_TOKEN")
PASSWORD = "correct horse battery"  # noqa: S105 - of test users
USERS = """
import sys, django
django.setup()
from django.contrib.auth.hashers import make_password
from django.utils.timezone import now
from apps.users.models import User
password = make_password(sys.argv[2])
addresses = [f"user{number}@example.com" for number in range(int(sys.argv[1]))]
User.objects.bulk_create(User(email=email, password=password, email_verified_at=now()) for email in addresses)
"""
BROADCAST = """
import time, django
django.setup()
from apps.realtime.services import event_broadcast
event_broadcast(event="measured", data={"sent": time.time()})
"""


async def measure(web: Web, folder: Path, env: dict[str, str], tokens: list[str]) -> float:
    """Open sockets, broadcast events, and return the longest time until an event had reached all of them."""
    url = f"ws://127.0.0.1:{web.port}/ws/v1/"
    slots = asyncio.Semaphore(AT_ONCE)
    async with AsyncExitStack() as stack:

        async def open_one(token: str) -> ClientConnection:
            async with slots:
                link = connect(
                    url,
                    subprotocols=[Subprotocol("events.v1"), Subprotocol(f"bearer.{token}")],
                    open_timeout=60,
                    compression=None,
                )
                return await stack.enter_async_context(link)

        begun = time.monotonic()
        sockets = await asyncio.gather(*(open_one(token) for token in tokens))
        print(f"{len(sockets)} sockets opened in {time.monotonic() - begun:.1f} s")
        taken = []
        for _ in range(ROUNDS):
            python = folder / ".venv" / "bin" / "python"
            sender = await asyncio.create_subprocess_exec(python, "-c", BROADCAST, cwd=folder, env=env)
            taken.append(max(await asyncio.gather(*(_took(socket) for socket in sockets))))
            await sender.wait()
            print(f"an event reached all of them in {taken[-1]:.2f} s")
    return max(taken)


async def _took(socket: ClientConnection) -> float:
    async with asyncio.timeout(60):
        message = json.loads(await socket.recv())
    return time.time() - float(message["data"]["sent"])


def log_in(web: Web, email: str) -> str:
    """Log in and return an access token."""
    answer = requests.post(
        f"{web.url}/api/v1/auth/token/",
        json={"email": email, "password": PASSWORD},
        headers={"X-Forwarded-Proto": "https"},
        timeout=60,
    )
    answer.raise_for_status()
    token: str = answer.json()["access"]
    return token


def main(count: int = 1000) -> int:
    """Print the results; return 0 if the target is met."""
    # Each socket needs a file descriptor here and in the server, which inherits the limit.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    folder = project("use_channels=true", "use_celery=false")
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        env = production(
            folder,
            DATABASE_URL=stack.enter_context(PostgreSQL()).create_database("measured"),
            REDIS_URL=stack.enter_context(Redis(place)).url,
            REALTIME_SOCKETS_PER_USER=str(EACH),
            **dict.fromkeys(LIMITS, "none"),
        )
        python = folder / ".venv" / "bin" / "python"
        people = -(-count // EACH)
        run(python, "-c", USERS, str(people), PASSWORD, cwd=folder, env=env)
        web = stack.enter_context(Web(folder, place, env, workers=WORKERS))
        tokens = [log_in(web, f"user{number}@example.com") for number in range(people)]
        before = os.getloadavg()[0]
        longest = asyncio.run(measure(web, folder, env, (tokens * EACH)[:count]))
    print(f"{WORKERS} processes, {os.cpu_count()} cores; load of the machine before: {before:.1f}")
    print(f"longest {longest:.2f} s, target {TARGET} s")
    return 0 if longest <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
