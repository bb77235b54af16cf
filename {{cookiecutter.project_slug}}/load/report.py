"""Targets of the load test, and a Markdown table of the results."""

from dataclasses import dataclass

MEDIAN_MS = 100
P99_MS = 500
QUERIES = 10
WORKER_MB = 256
TASK_SECONDS = 5


@dataclass(frozen=True)
class Line:
    """One target with its result; without a measurement, it counts as met."""

    name: str
    target: str
    measured: str | None
    met: bool


@dataclass(frozen=True)
class Figures:
    requests: int
    failures: int
    median_ms: float
    p99_ms: float
    queries: dict[str, int]
    worker_mb: float | None = None
    task_seconds: float | None = None

    def lines(self) -> list[Line]:
        worst = max(self.queries, key=lambda name: self.queries[name])
        memory, task = self.worker_mb, self.task_seconds
        return [
            Line("requests", "> 0", f"{self.requests}", self.requests > 0),
            Line("failed requests", "0", f"{self.failures}", self.failures == 0),
            Line(
                "time of an answer, median",
                f"< {MEDIAN_MS} ms",
                f"{self.median_ms:.0f} ms",
                self.median_ms < MEDIAN_MS,
            ),
            Line("time of an answer, 99 %", f"< {P99_MS} ms", f"{self.p99_ms:.0f} ms", self.p99_ms < P99_MS),
            Line(
                "queries of a request, at most",
                f"< {QUERIES}",
                f"{self.queries[worst]} (`{worst}`)",
                self.queries[worst] < QUERIES,
            ),
            Line(
                "memory of a worker process, at most",
                f"< {WORKER_MB} MB",
                None if memory is None else f"{memory:.0f} MB",
                memory is None or memory < WORKER_MB,
            ),
            Line(
                "until a task has run, at most",
                f"< {TASK_SECONDS} s",
                None if task is None else f"{task:.2f} s",
                task is None or task < TASK_SECONDS,
            ),
        ]

    def met(self) -> bool:
        return all(line.met for line in self.lines())

    def table(self) -> str:
        rows = ["| what | target | measured | met |", "|---|---|---|---|"]
        for line in self.lines():
            verdict = "-" if line.measured is None else "yes" if line.met else "**no**"
            rows.append(f"| {line.name} | {line.target} | {line.measured or 'not measured'} | {verdict} |")
        return "\n".join(rows) + "\n"
