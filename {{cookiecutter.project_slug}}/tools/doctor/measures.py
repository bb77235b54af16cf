"""Measurements of the items in `items.toml`."""

from __future__ import annotations

import inspect
import json
import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.urls import get_resolver
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from config.env import BASE_DIR
from tools.doctor.production import PLACEHOLDERS, current, reason, run, start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import Model

MIN_COVERAGE = 80
MAX_SHOWN = 5
MAX_TEXT = 100
CODE = ("apps", "config", "infrastructure")
WRITES = {"post", "put", "patch", "delete"}


class UnknownError(Exception):
    """The item cannot be measured here."""


class Finding(NamedTuple):
    status: str
    evidence: str


class Route(NamedTuple):
    """View of an app, with its handlers by method and the options of this route."""

    view: type[APIView]
    handlers: dict[str, str]
    options: dict[str, Any]

    def get(self, name: str) -> Any:
        return self.options.get(name, getattr(self.view, name, None))


def judged(faults: Iterable[str], evidence: str) -> Finding:
    """Return a failure with the first faults, or a pass. Lines with "# doctor: reason" are accepted."""
    found = list(dict.fromkeys(faults))
    kept = [fault for fault in found if "# doctor: " not in line_of(fault)]
    if not kept:
        return Finding("passed", f"{evidence}, {len(found)} accepted" if found else evidence)
    more = f" and {len(kept) - MAX_SHOWN} more" if len(kept) > MAX_SHOWN else ""
    return Finding("failed", "; ".join(kept[:MAX_SHOWN]) + more)


def line_of(fault: str) -> str:
    """Return the line of code of a fault that begins with "path:line"."""
    path, _, rest = fault.partition(":")
    number = re.match(r"\d+", rest)
    lines = (BASE_DIR / path).read_text(encoding="utf-8").splitlines() if number else []
    return lines[int(number[0]) - 1] if number else ""


def relative(path: str | Path) -> str:
    return Path(path).relative_to(BASE_DIR).as_posix()


def where(cls: type) -> str:
    return f"{relative(inspect.getfile(cls))}:{inspect.getsourcelines(cls)[1]} {cls.__name__}"


def routes(patterns: Iterable[Any]) -> Iterator[Route]:
    """Yield the routes to views of the apps that are based on Django REST Framework."""
    for pattern in patterns:
        view = getattr(pattern, "callback", None)
        cls: Any = getattr(view, "cls", object)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns)
        elif issubclass(cls, APIView) and cls.__module__.startswith("apps."):
            own = {name: name for name in cls.http_method_names if hasattr(cls, name)}
            own |= {"get": "list"} if hasattr(cls, "list") else {}
            yield Route(cls, getattr(view, "actions", None) or own, getattr(view, "initkwargs", {}))


def is_indexed(model: type[Model], name: str) -> bool:
    """Return whether an index begins with the field, or with foreign keys (the owner) and the field."""
    meta = model._meta
    indexes = [[field.name] for field in meta.fields if field.unique or getattr(field, "db_index", False)]
    indexes += [[column.lstrip("-") for column in index.fields] for index in meta.indexes]
    indexes += [[*constraint.fields] for constraint in meta.constraints if hasattr(constraint, "fields")]
    heads = (index[: index.index(name)] for index in indexes if name in index)
    return any(all(meta.get_field(column).is_relation for column in head) for head in heads)


class Doctor:
    """Measures an item by the keys of its row, or else by the method with its name."""

    def __init__(self) -> None:
        # Only a process with the settings of the server knows its variables.
        self.module = os.environ["DJANGO_SETTINGS_MODULE"]
        self.placeholders = self.module.endswith((".development", ".testing"))
        # Both take seconds, while other items are measured.
        self._production = start() if self.placeholders else None
        lint = "from importlinter.cli import lint_imports_command as lint; lint()"
        self._contracts = run("-c", lint, "--no-cache", "--no-logo")
        self.apps = [app for app in apps.get_app_configs() if app.name.startswith("apps.")]

    def measure(self, name: str, row: dict[str, Any]) -> Finding:
        kinds = [kind for kind in ("settings", "files", "ruff", "app") if kind in row]
        variable = row.get("environment")
        try:
            findings = [getattr(self, f"_{kind}")(row) for kind in kinds]
            findings = findings or [getattr(self, name.replace("-", "_"))()]
        except Exception as error:  # noqa: BLE001 - any error of the project
            text = str(error) if isinstance(error, UnknownError) else reason(error)
            return Finding("unknown", text.splitlines()[0])
        worst: Finding = next((finding for finding in findings if finding.status != "passed"), findings[0])
        if self.placeholders and variable and (variable in PLACEHOLDERS or worst.status == "failed"):
            return Finding("unknown", f"{variable} of the server decides")
        return worst

    @cached_property
    def production(self) -> dict[str, Any]:
        if not self._production:
            return current()
        output, errors = self._production.communicate(timeout=60)
        return json.loads(output.splitlines()[-1]) if output else {"CHECKS": [" ".join(errors.split())]}

    @cached_property
    def routes(self) -> list[Route]:
        return list(routes(get_resolver().url_patterns))

    @cached_property
    def lists(self) -> list[Route]:
        return [route for route in self.routes if "list" in route.handlers.values()]

    @cached_property
    def migrations(self) -> MigrationLoader:
        return MigrationLoader(None)

    def _settings(self, row: dict[str, Any]) -> Finding:
        if "DEBUG" not in self.production:
            raise UnknownError("the production settings cannot be loaded")
        faults, shown = [], []
        for path, pattern in row["settings"].items():
            value: Any = self.production
            for key in path.split("."):
                value = value.get(key)
            # Neither passwords in URLs nor long lists.
            text = str(value["ENGINE"] if isinstance(value, dict) else value)
            shown.append(path if "://" in text or len(text) > MAX_TEXT else f"{path}={text}")
            faults += [] if re.fullmatch(pattern, str(value), re.DOTALL) else shown[-1:]
        return judged(faults, ", ".join(shown))

    def _files(self, row: dict[str, Any]) -> Finding:
        found = {path for pattern in row["files"] for path in BASE_DIR.glob(pattern)}
        paths = sorted(path for path in found if not re.search("/(tests|migrations)/", relative(path)))
        places = []
        for path in paths:
            source = re.sub(r"(?<!\S)#.*", "", path.read_text(encoding="utf-8"))
            for match in re.finditer(row.get("never") or row["text"], source, re.MULTILINE):
                number = source.count("\n", 0, match.start()) + 1
                places.append(f"{relative(path)}:{number}")
        if "never" in row:
            return judged(places, f"{len(paths)} files")
        if not paths:
            raise UnknownError(f"there is no {row['files'][0]}")
        return judged([] if places else map(relative, paths), "".join(places[:1]))

    def _ruff(self, row: dict[str, Any]) -> Finding:
        options = ("--isolated", "--no-cache", "--exclude=tests,migrations", "--output-format=concise")
        process = run("-m", "ruff", "check", f"--select={row['ruff']}", *options, *CODE)
        output, errors = process.communicate(timeout=60)
        if errors:
            raise UnknownError(errors.splitlines()[-1])
        return judged(re.findall(r"^(.+:\d+):\d+: [A-Z]+\d", output, re.MULTILINE), f"ruff: {row['ruff']}")

    def _app(self, row: dict[str, Any]) -> Finding:
        chosen = [app for app in self.apps if [*app.get_models()] or not row.get("models")]
        missing = (relative(app.path) for app in chosen if not [*Path(app.path).glob(row["app"])])
        return judged(missing, f"{len(chosen)} apps")

    def layers(self) -> Finding:
        output, errors = self._contracts.communicate(timeout=60)
        if not (total := re.search(r"Contracts: .*", output)):
            raise UnknownError((output + errors).strip().splitlines()[-1])
        imports = re.findall(r"\S+ -> \S+ \(l\.[\d, l.]+\)", output) or re.findall(r".* BROKEN", output)
        return judged(imports if self._contracts.returncode else [], total[0])

    def deploy_check(self) -> Finding:
        return judged(self.production["CHECKS"], f"silenced: {self.production.get('SILENCED_SYSTEM_CHECKS')}")

    def secret_key(self) -> Finding:
        key = self.production["SECRET_KEY"]
        faults = [
            relative(path) for path in BASE_DIR.glob("config/**/*.py") if key in path.read_text("utf-8")
        ]
        if self.placeholders and key != PLACEHOLDERS["SECRET_KEY"]:
            faults.append("production does not read the variable")
        return judged(faults, f"{len(key)} characters, not in config/")

    def permissions(self) -> Finding:
        faults = []
        for route in self.routes:
            classes = {*(route.get("permission_classes") or ())}
            writes = WRITES & route.handlers.keys() and route.get("authentication_classes")
            is_declared = route.view.get_permissions is APIView.get_permissions
            if is_declared and (not classes or (classes == {AllowAny} and writes)):
                faults.append(where(route.view))
        return judged(faults, f"{len(self.routes)} routes")

    def throttling(self) -> Finding:
        rates = self.production["THROTTLE_RATES"].items()
        faults = [f"THROTTLE_RATES[{name!r}]={rate}" for name, rate in rates if rate == "none"]
        declared = (route for route in self.routes if route.view.get_throttles is APIView.get_throttles)
        faults += [where(route.view) for route in declared if not route.get("throttle_classes")]
        return judged(faults, f"{len(self.routes)} routes")

    def pagination(self) -> Finding:
        whole = (each for each in self.lists if not getattr(each.get("pagination_class"), "page_size", None))
        return judged((where(route.view) for route in whole), f"{len(self.lists)} lists")

    def ordering_index(self) -> Finding:
        faults = []
        for route in (each for each in self.lists if each.get("queryset") is not None):
            model = route.get("queryset").model
            first = [*(route.get("ordering") or model._meta.ordering), ""][0]
            if isinstance(first, str) and first and not is_indexed(model, first.lstrip("-")):
                faults.append(f"{where(model)}: {first}")
        return judged(faults, f"{len(self.lists)} lists")

    def coverage(self) -> Finding:
        report = BASE_DIR / ".coverage"
        newest = max(path.stat().st_mtime for folder in CODE for path in BASE_DIR.glob(f"{folder}/**/*.py"))
        if not report.exists() or report.stat().st_mtime < newest:
            raise UnknownError("there is no report that is newer than the code")
        process = run("-m", "coverage", "report", "--format=total", "--fail-under=0")
        percent = process.communicate(timeout=60)[0].strip()
        return judged([f"{percent} %"] if float(percent) < MIN_COVERAGE else [], f"{percent} %")

    def model_changes(self) -> Finding:
        detector = MigrationAutodetector(self.migrations.project_state(), ProjectState.from_apps(apps))
        found = detector.changes(self.migrations.graph, trim_to_apps={app.label for app in self.apps})
        changes = [
            (label, step) for label, plans in found.items() for plan in plans for step in plan.operations
        ]
        return judged((f"{label}: {step.describe()}" for label, step in changes), f"{len(self.apps)} apps")

    def unapplied(self) -> Finding:
        name = str(connection.settings_dict["NAME"])
        if connection.vendor == "sqlite" and "memory" not in name and not Path(name).exists():
            raise UnknownError(f"there is no {Path(name).name}")
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        return judged((str(migration) for migration, _ in plan), f"{connection.vendor} of {self.module}")

    def reversible(self) -> Finding:
        own = [
            each for each in self.migrations.disk_migrations.values() if each.__module__.startswith("apps.")
        ]
        steps = (
            (migration, step) for migration in own for step in migration.operations if not step.reversible
        )
        return judged((f"{each}: {type(step).__name__}" for each, step in steps), f"{len(own)} migrations")

    def backups(self) -> Finding:
        raise UnknownError("outside of the project")
