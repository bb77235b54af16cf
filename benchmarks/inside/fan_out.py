"""Compare ways to call several services for one response; started by `fan_out.py` in a project."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

import django

django.setup()

import httpx2
from apps.core.http_client import ServiceClient

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = 5
# Requests that arrive together, and threads of a process (WEB_THREADS).
REQUESTS, THREADS = 20, 4
ROUNDS = 7
DEADLINE = 5.0
# A service that takes 50 ms.
SERVICE = """
import asyncio

async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    except asyncio.IncompleteReadError:
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def sequential(client: ServiceClient) -> None:
    for number in range(CALLS):
        client.request("GET", f"items/{number}").raise_for_status()


def threads(client: ServiceClient, pool: ThreadPoolExecutor) -> None:
    calls = [partial(client.request, "GET", f"items/{number}") for number in range(CALLS)]
    done, late = wait([pool.submit(copy_context().run, call) for call in calls], timeout=DEADLINE)
    assert not late
    for each in done:
        each.result().raise_for_status()


async def concurrently(client: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(DEADLINE):
        answers = await asyncio.gather(*(client.get(f"items/{number}") for number in range(CALLS)))
    for answer in answers:
        answer.raise_for_status()


async def together(client: httpx2.AsyncClient, limit: int) -> None:
    places = asyncio.Semaphore(limit)

    async def one() -> None:
        async with places:
            await concurrently(client)

    await asyncio.gather(*(one() for _ in range(REQUESTS)))


def measure(variants: dict[str, Callable[[], Any]]) -> None:
    """Alternate the variants; print median time and CPU time, each as a ratio to the first one."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    for _ in range(ROUNDS + 1):
        for name, call in variants.items():
            begun, used = time.perf_counter(), time.process_time()
            call()
            taken[name].append((time.perf_counter() - begun, time.process_time() - used))
    # The first round opens the connections.
    medians = {name: [median(column) for column in zip(*rows[1:], strict=True)] for name, rows in taken.items()}
    seconds, cpu = next(iter(medians.values()))
    for name, (each, used) in medians.items():
        print(f"{name:34} {each / seconds:5.2f} of the time ({each * 1000:6.1f} ms), {used / cpu:5.2f} of the CPU time")


def main() -> None:
    with subprocess.Popen([sys.executable, "-c", SERVICE], stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout
            url = f"http://127.0.0.1:{int(service.stdout.readline())}"
            compare(url)
        finally:
            service.kill()


def compare(url: str) -> None:
    limits = {"limits": httpx2.Limits(max_connections=None, max_keepalive_connections=None)}
    client = ServiceClient("measured", url, **limits)
    calls, workers = ThreadPoolExecutor(CALLS * THREADS), ThreadPoolExecutor(THREADS)

    def all_requests(handle: Callable[[], None]) -> None:
        for each in [workers.submit(handle) for _ in range(REQUESTS)]:
            each.result()

    with asyncio.Runner() as loop:
        # One for each variant: a pool with many idle connections is slower.
        asynchronous, some, many = (httpx2.AsyncClient(base_url=url, **limits) for _ in range(3))
        print(f"One request with {CALLS} calls:")
        measure(
            {
                "one after the other": partial(sequential, client),
                "threads": partial(threads, client, calls),
                "async": lambda: loop.run(concurrently(asynchronous)),
            }
        )
        print(f"{REQUESTS} requests with {CALLS} calls each, {THREADS} at a time:")
        measure(
            {
                "one after the other": lambda: all_requests(partial(sequential, client)),
                "threads": lambda: all_requests(partial(threads, client, calls)),
                "async": lambda: loop.run(together(some, THREADS)),
                "async, all of them at a time": lambda: loop.run(together(many, REQUESTS)),
            }
        )
        for each in (asynchronous, some, many):
            loop.run(each.aclose())


main()
