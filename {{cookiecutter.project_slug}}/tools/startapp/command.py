"""Generate an app, or a further model of an app, with API, admin, tests and migration."""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.template import Context, Engine

from config.env import BASE_DIR
from tools.startapp import edits
from tools.startapp.fields import NAME, context, parse

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable
    from pathlib import Path

TEMPLATES = BASE_DIR / "tools/startapp/templates"
BASE, URLS = "config/settings/base.py", "config/urls.py"
COMPONENTS = "config/settings/components"
# The contract of import-linter that lists all apps.
CONTRACT = "The core imports no other app"
# For the import of receivers in `ready()`.
NOQA = "  # noqa: F401, PLC0415 - connects itself, needs the models"
MODEL = re.compile(r"[A-Z][A-Za-z0-9]*")


class Command(BaseCommand):
    help = "Generate an app, or a further model of an app: model, services, API, admin, tests and migration."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("app", help="the name, in plural: projects")
        parser.add_argument("model", help="the model, in singular: Task")
        parser.add_argument(
            "fields", nargs="*", help="title:str due:date? status:choice(open,done) owner slug:unique"
        )
        parser.add_argument("--public-read", action="store_true", help="let clients read without login")
        parser.add_argument("--soft-delete", action="store_true", help="keep deleted rows")
        parser.add_argument("--task", action="store_true", help="add a periodic task (needs Celery)")
        parser.add_argument(
            "--notify", action="store_true", help="notify the owner (needs the feature notifications)"
        )
        parser.add_argument("--dry-run", action="store_true", help="print the changes only")

    def handle(self, **options: Any) -> None:
        app, model = options["app"], options["model"]
        fields, owner = parse(" ".join(options["fields"]))
        flags = {name: options[name] for name in ("public_read", "soft_delete", "task", "notify")}
        self.check_request(app, model, owner=owner, flags=flags)
        variables = context(app=app, model=model, fields=fields, owner=owner, flags=flags)
        before: dict[Path, str | None] = {}
        after = render(variables) | self.wiring(variables)
        for path in after:
            before[path] = path.read_text(encoding="utf-8") if path.exists() else None
        folder = BASE_DIR / "apps" / app
        existed = folder.exists()
        migrations = set(folder.glob("migrations/*.py"))
        try:
            for path, text in after.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            tidy([path for path in after if path.suffix == ".py"])
            if options["dry_run"]:
                self.stdout.write("".join(difference(path, text) for path, text in before.items()))
                undo(before, folder, existed=existed, migrations=migrations)
                return
            run("manage.py", "makemigrations", app)
        except BaseException:
            undo(before, folder, existed=existed, migrations=migrations)
            raise
        for path in sorted({*after, *(set(folder.glob("migrations/*.py")) - migrations)}):
            self.stdout.write(
                f"{'changed' if before.get(path) is not None else 'created'}  {path.relative_to(BASE_DIR)}"
            )
        self.stdout.write("\nNext: make setup check test (and make messages for translations)")

    def check_request(self, app: str, model: str, *, owner: bool, flags: dict[str, bool]) -> None:
        """Refuse what cannot be generated.

        Raises:
            CommandError: a name is not valid or taken, or an option is not possible here.
        """
        faults = []
        if not NAME.fullmatch(app) or app in {"core", "users", "apps"}:
            faults.append(f"{app}: an app has a lower-case name such as projects")
        elif not (BASE_DIR / "apps" / app / "models.py").exists() and (
            (BASE_DIR / "apps" / app).exists()
            or any(config.label == app for config in apps.get_app_configs())
        ):
            faults.append(f"{app}: the name is taken")
        if not MODEL.fullmatch(model):
            faults.append(f"{model}: the name of a model begins with a capital letter, for example: Task")
        elif any(each.__name__.lower() == model.lower() for each in apps.all_models[app].values()):
            faults.append(f"{model}: the app {app} has this model")
        if flags["task"] and not (BASE_DIR / "config/celery.py").exists():
            faults.append("--task needs Celery: make update use_celery=true")
        if flags["notify"] and not (apps.is_installed("apps.notifications") and owner):
            faults.append(
                "--notify needs the field owner and notifications: make update features=notifications"
            )
        if faults:
            raise CommandError("\n".join(faults))

    def wiring(self, variables: dict[str, Any]) -> dict[Path, str]:
        """Return the files that refer to all apps, with the new one."""
        app, name, model = variables["app"], variables["name"], variables["model"]
        route = app.replace("_", "-")
        changed: dict[Path, str] = {}

        def edit(file: str, change: Callable[..., str], *arguments: Any) -> None:
            path = BASE_DIR / file
            changed[path] = change(changed.get(path) or path.read_text(encoding="utf-8"), *arguments)

        if not (BASE_DIR / "apps" / app).exists():
            included = f'path("{route}/", include("apps.{app}.api.urls"))'
            edit(BASE, edits.insert_item, "INSTALLED_APPS", f'"apps.{app}"', f"apps.{app}", only_apps)
            edit(URLS, edits.insert_item, "api_v1", included, f"{route}/", edits.first_argument)
            edit("pyproject.toml", edits.insert_in_contract, CONTRACT, f"apps.{app}")
        listed = f"{app}:{name}-list"
        edit(URLS, edits.insert_item, "_root", f'"{listed}"', listed, edits.text_of)
        if variables["task"]:
            task = f"{variables['names']}_report"
            entry = f'{{"task": "apps.{app}.tasks.{task}", "schedule": "0 6 * * *"}}'
            line = f'CELERY_BEAT_SCHEDULE["{task}"] = {entry}'
            edit(f"{COMPONENTS}/celery.py", edits.insert_after, "CELERY_BEAT_SCHEDULE", line)
        if variables["notify"]:
            kinds, kind = f"{COMPONENTS}/notifications.py", f"{name}_created"
            code = f'"{kind}": ("in_app",)'
            edit(kinds, edits.insert_item, "NOTIFICATION_KINDS", code, kind, edits.text_of)
        named = named_choices()
        for field in variables["choices"]:
            if (choices := [choice.name for choice in field.choices]) not in named:
                named.append(choices)
                key = f"{model}{field.enum}Enum"
                code = f'"{key}": "apps.{app}.models.{model}.{field.enum}"'
                edit(f"{COMPONENTS}/api.py", insert_enum, code, key)
        return changed


def only_apps(node: Any) -> str | None:
    """Return the name of an app of this project in INSTALLED_APPS."""
    name = edits.text_of(node)
    return name if name and name.startswith("apps.") else None


def named_choices() -> list[list[str]]:
    """Return the choices that ENUM_NAME_OVERRIDES names: equal ones may have one name only."""
    paths = map(str, settings.SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"].values())
    matches = (re.fullmatch(r"apps\.(\w+)\.models\.(\w+)\.(\w+)", path) for path in paths)
    return [getattr(apps.get_model(match[1], match[2]), match[3]).values for match in matches if match]


def insert_enum(source: str, code: str, key: str) -> str:
    """Add a name to ENUM_NAME_OVERRIDES in SPECTACULAR_SETTINGS."""
    start = source.index('ENUM_NAME_OVERRIDES": {') + len('ENUM_NAME_OVERRIDES": {')
    end = source.index("}", start)
    entries = [line.strip().rstrip(",") for line in source[start:end].strip().splitlines()]
    entries = [entry for line in entries for entry in line.split(", ") if entry]
    if any(entry.startswith(f'"{key}"') for entry in entries):
        raise CommandError(f"ENUM_NAME_OVERRIDES contains {key} already")
    listed = "".join(f"{entry},\n" for entry in sorted([*entries, code]))
    return f"{source[:start]}\n{listed}{source[end:]}"


def render(variables: dict[str, Any]) -> dict[Path, str]:
    """Return the files of the app with their content; definitions are added to files that exist."""
    folder = BASE_DIR / "apps" / variables["app"]
    engine = Engine(dirs=[str(TEMPLATES)], autoescape=False)
    files: dict[Path, str] = {}
    for template in sorted(TEMPLATES.rglob("*.tpl")):
        name = template.relative_to(TEMPLATES).as_posix()
        target = folder / name.removesuffix(".tpl").replace("test_models", f"test_{variables['names']}")
        if (target.name == "receivers.py" and not variables["owner"]) or (
            target.name == "tasks.py" and not variables["task"]
        ):
            continue
        text = engine.get_template(name).render(Context(variables, autoescape=False))
        exists = target.exists()
        if target.name == "apps.py" and exists:
            source = target.read_text(encoding="utf-8")
            if variables["owner"] and "receivers" not in source:
                files[target] = edits.insert_in_ready(
                    source, f"from apps.{variables['app']} import receivers{NOQA}"
                )
            continue
        if target.name == "urls.py" and exists:
            # A route without prefix would match the others: it stays last.
            route = next(line for line in text.splitlines() if line.startswith("router.register"))
            files[target] = target.read_text(encoding="utf-8").replace(
                "router.register(", f"{route}\nrouter.register(", 1
            )
            continue
        files[target] = edits.add_definitions(target.read_text(encoding="utf-8") if exists else "", text)
    for package in ("", "api", "migrations", "tests"):
        if not (folder / package / "__init__.py").exists():
            files[folder / package / "__init__.py"] = ""
    return files


def tidy(paths: list[Path]) -> None:
    """Format files, sort their imports and remove unused ones."""
    for arguments in (["check", "--fix", "--quiet", "--select", "F401,I001,E303"], ["format", "--quiet"]):
        run("-m", "ruff", *arguments, *map(str, paths))


def run(*arguments: str) -> None:
    """Run Python.

    Raises:
        CommandError: the program failed.
    """
    command = [sys.executable, *arguments]
    process = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if process.returncode:
        raise CommandError(f"{' '.join(arguments[:3])} failed:\n{process.stdout}{process.stderr}")


def undo(before: dict[Path, str | None], folder: Path, *, existed: bool, migrations: set[Path]) -> None:
    """Restore all files."""
    for path, text in before.items():
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
    if not existed:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in set(folder.glob("migrations/*.py")) - migrations:
        path.unlink()


def difference(path: Path, before: str | None) -> str:
    """Return the change of a file as a unified diff."""
    name = str(path.relative_to(BASE_DIR))
    old = (before or "").splitlines(keepends=True)
    new = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(difflib.unified_diff(old, new, "/dev/null" if before is None else name, name))
