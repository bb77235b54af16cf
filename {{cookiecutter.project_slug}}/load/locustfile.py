"""Load test with targets: `make load`.

https://docs.locust.io/en/stable/writing-a-locustfile.html
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import gevent
import psutil
from locust import HttpUser, between, events

from load.journey import LOG_IN, LOG_OUT, MEMBER, STAFF, Account, Step
from load.prepare import FILE
from load.report import Figures

REPORT = FILE.with_name("report.md")
# Measures the latency of tasks; exists only in projects with Celery.
TASKS = FILE.with_name("tasks.py")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
TOKEN_SECONDS = 240  # a minute less than the lifetime of access tokens
MEGABYTE = 1024 * 1024

prepared: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
memory: list[int] = []
probes: list[subprocess.Popen[str]] = []


class Person(HttpUser):
    """User that logs in and sends random requests with pauses."""

    abstract = True
    kind: str
    wait_time = between(1, 3)

    def on_start(self) -> None:
        self.account = Account(**prepared[self.kind].pop())
        # As set by the reverse proxy.
        self.client.headers["X-Forwarded-Proto"] = "https"
        self.log_in()

    def log_in(self) -> None:
        self.client.headers.pop("Authorization", None)
        self.send(LOG_IN)

    def leave_and_come_back(self) -> None:
        self.send(LOG_OUT)
        self.log_in()

    def send(self, step: Step) -> None:
        response = self.client.request(
            step.method, step.url, json=step.body_of(self.account), name=step.name, allow_redirects=False
        )
        answer = response.json() if response.ok and step.body and response.content else {}
        if "access" in answer:
            self.account.access, self.account.refresh = answer["access"], answer["refresh"]
            self.client.headers["Authorization"] = f"Bearer {self.account.access}"
            self.token_ends = time.monotonic() + TOKEN_SECONDS


def task_of(step: Step) -> Callable[[Person], None]:
    def take(person: Person) -> None:
        if time.monotonic() > person.token_ends:
            person.leave_and_come_back()
        person.send(step)

    return take


class Member(Person):
    weight = 9
    kind = "member"
    tasks = {task_of(step): step.weight for step in MEMBER} | {Person.leave_and_come_back: 1}


class Staff(Person):
    weight = 1
    kind = "staff"
    tasks = {task_of(step): step.weight for step in STAFF}


def workers(port: int) -> list[psutil.Process]:
    """Return the worker processes of a local port: all listening processes except their parents."""
    listening = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid
    }
    processes = [psutil.Process(pid) for pid in listening]
    parents = {process.ppid() for process in processes}
    return [process for process in processes if process.pid not in parents]


def watch_memory(port: int) -> None:
    while True:
        try:
            memory.extend(process.memory_info().rss for process in workers(port))
        except psutil.NoSuchProcess:
            # Workers restart after WEB_MAX_REQUESTS.
            continue
        gevent.sleep(1)


@events.test_start.add_listener
def start(environment: Any, **_kwargs: Any) -> None:
    url = urlsplit(environment.host)
    if url.hostname in LOOPBACK:
        gevent.spawn(watch_memory, url.port or 80)
    if TASKS.exists():
        probes.append(
            subprocess.Popen([sys.executable, "-m", "load.tasks"], stdout=subprocess.PIPE, text=True)
        )


def longest_task() -> float | None:
    """Return the maximum time from queueing a task to its result; None if there was no task."""
    times: list[float] = []
    for probe in probes:
        probe.terminate()
        times += [float(line) for line in probe.communicate()[0].split()]
    return max(times, default=None)


@events.quitting.add_listener
def finish(environment: Any, **_kwargs: Any) -> None:
    total = environment.stats.total
    figures = Figures(
        requests=total.num_requests,
        failures=total.num_failures,
        median_ms=total.get_response_time_percentile(0.5) or 0,
        p99_ms=total.get_response_time_percentile(0.99) or 0,
        queries=prepared["queries"],
        worker_mb=max(memory) / MEGABYTE if memory else None,
        task_seconds=longest_task(),
    )
    table = figures.table()
    REPORT.write_text(table, encoding="utf-8")
    sys.stdout.write(f"\n{table}")
    environment.process_exit_code = int(not figures.met())
