"""Report on the health of the project: `make doctor`, see docs/doctor.md."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from django.core.management import BaseCommand, CommandError, execute_from_command_line

from tools.doctor.production import DATA, reason

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterator

WEIGHTS: dict[str, int] = DATA["weights"]
COPIED = ("title", "signal", "check", "priority", "fix")


def examine() -> dict[str, Any]:
    """Measure all items. Unknown ones earn no points."""
    from tools.doctor.measures import Doctor  # noqa: PLC0415 - after errors of the settings

    doctor, items = Doctor(), []
    for area, name, row in ((area, *item) for area, rows in DATA["items"].items() for item in rows.items()):
        finding = doctor.measure(name, row)
        items.append({"id": name, "area": area, **finding._asdict()} | {key: row.get(key) for key in COPIED})
    areas = {area: share(items, area, "passed") for area in WEIGHTS}
    score = round(sum(areas.values()), 1)
    return {
        "settings": os.environ["DJANGO_SETTINGS_MODULE"],
        "score": score,
        "unknown": round(sum(share(items, area, "unknown") for area in WEIGHTS), 1),
        "band": next(band for band, limit in DATA["bands"].items() if score >= limit),
        "signals": sum(item["status"] == "passed" for item in items if item["signal"]),
        "security": sum(item["status"] == "passed" for item in items if item["check"]),
        "areas": {area: round(points, 1) for area, points in areas.items()},
        "items": items,
    }


def share(items: list[dict[str, Any]], area: str, status: str) -> float:
    """Return the points of an area that belong to the items with this status."""
    found = [item["status"] == status for item in items if item["area"] == area]
    return float(WEIGHTS[area] * sum(found) / len(found))


class Command(BaseCommand):
    help = "Report on the health of the project: score, signals, security checklist, list before deploy."
    # The checks are part of the report.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        text = "exit with status 1 if the score is below N or an item P0 failed"
        parser.add_argument("--fail-below", type=float, metavar="N", help=text)

    def handle(self, *, fail_below: float | None, **options: Any) -> None:
        report = examine()
        for line in [json.dumps(report, indent=2)] if options["json"] else self.lines(report):
            self.stdout.write(line)
        failed = ids(report, "failed", "P0")
        if fail_below is not None and (failed or report["score"] < fail_below):
            raise CommandError(f"The score is {report['score']}, and {len(failed)} items P0 failed.")

    def lines(self, report: dict[str, Any]) -> Iterator[str]:
        styles = {"passed": self.style.SUCCESS, "unknown": self.style.WARNING, "failed": self.style.ERROR}
        area = ""
        for item in report["items"]:
            if item["area"] != area:
                area = item["area"]
                yield f"{area}: {report['areas'][area]} of {WEIGHTS[area]}" if area in WEIGHTS else area
            tags = [f"{key} {item[key]}" for key in ("priority", "signal", "check") if item[key]]
            status = styles[item["status"]](f"{item['status']:<8}")
            yield f"  {status} {item['title']} ({', '.join(tags)}): {item['evidence']}".replace(" ():", ":")
            if item["status"] != "passed":
                yield f"{'':<11}{item['fix']}"
        yield f"Signals: {report['signals']} of 8. Security checklist: {report['security']} of 10."
        for status in ("failed", "unknown"):
            lists = (f"{level}: {', '.join(ids(report, status, level)) or 'none'}" for level in ("P0", "P1"))
            yield f"Before deploy, {status}: {'; '.join(lists)}"
        yield f"Score: {report['score']} of 100, {report['band']}. Unknown: {report['unknown']}."


def ids(report: dict[str, Any], status: str, priority: str) -> list[str]:
    found = (item for item in report["items"] if item["status"] == status and item["priority"] == priority)
    return [item["id"] for item in found]


def main() -> None:
    """Run the command. A project that cannot be loaded, as with a broken import, causes no traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    try:
        execute_from_command_line(["manage.py", "doctor", *sys.argv[1:]])
    except Exception as error:  # noqa: BLE001 - any error of the project
        sys.exit(f"The project cannot be loaded: {reason(error)}")


if __name__ == "__main__":
    main()
