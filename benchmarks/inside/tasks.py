"""Script for a generated project: measures the delay of tasks at 100 per second, and the throughput of a worker."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import django

django.setup()

from noting import note

RATE, SECONDS, BACKLOG = 100, 30, 5000
TARGET = 0.1
FOLDER = Path(os.environ["NOTES"])


def worker():
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "config.celery", "worker", "--concurrency", "2"]
    options = ["--queues", "critical,default,bulk", "--without-gossip", "--without-mingle", "--include", "noting"]
    inside = os.pathsep.join([os.environ["PYTHONPATH"], str(Path(__file__).parent)])
    return subprocess.Popen([*command, *options], env=os.environ | {"PYTHONPATH": inside, "LOG_LEVEL": "INFO"})


def notes():
    lines = [line.split() for file in FOLDER.glob("note-*") for line in file.read_text(encoding="utf-8").splitlines()]
    return [(float(waited), float(at)) for waited, at in lines]


def wait_for(count):
    end = time.monotonic() + 120
    while len(notes()) < count:
        assert time.monotonic() < end, f"{len(notes())} of {count}"
        time.sleep(0.2)


def forget():
    for file in FOLDER.glob("note-*"):
        file.write_text("", encoding="utf-8")


def latency():
    start = time.monotonic()
    for number in range(RATE * SECONDS):
        time.sleep(max(0, start + number / RATE - time.monotonic()))
        note.delay(time.time())
    wait_for(RATE * SECONDS)
    return sorted(waited for waited, _ in notes())


def main():
    running = worker()
    try:
        note.delay(time.time())
        wait_for(1)
        forget()
        waited = latency()
        forget()
    finally:
        running.terminate()
        running.wait()
    # The worker starts with a full queue.
    for _ in range(BACKLOG):
        note.delay(time.time())
    running = worker()
    try:
        wait_for(BACKLOG)
    finally:
        running.terminate()
        running.wait()
    moments = sorted(at for _, at in notes())
    p99 = waited[int(len(waited) * 0.99)]
    print(f"waited, {RATE} tasks/s  median {statistics.median(waited):.4f} s, p99 {p99:.4f} s   p99 under {TARGET} s")
    print(f"done from a backlog    {(BACKLOG - 1) / (moments[-1] - moments[0]):.0f} tasks/s, two processes")
    return 0 if p99 < TARGET else 1


sys.exit(main())
