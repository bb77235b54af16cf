"""Apps that `make app` generates, and its refusals."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from baking import Answers, Bakery, files_of, python_for, run

if TYPE_CHECKING:
    from pathlib import Path

EVERY_TYPE = (
    "name:str sku:str:unique notes:text? code:slug site:url? mail:email? count:int weight:decimal? active:bool"
    " checked:bool? day:date released:datetime? color:choice(red,dark_blue) size:choice(s,m)? slug:unique"
)
CASES: list[tuple[Answers, list[tuple[str, ...]]]] = [
    (
        {},
        [
            ("projects", "Project", "title:str owner"),
            (
                "projects",
                "Task",
                "title status:choice(open, done) due:date? project:ref(projects.Project) owner price:decimal",
            ),
            ("catalog", "Product", EVERY_TYPE, "--public-read --task"),
        ],
    ),
    (
        {"use_celery": False, "use_channels": True, "features": "notifications"},
        [
            ("blog", "Category", EVERY_TYPE),
            ("blog", "Post", f"{EVERY_TYPE} category:ref(blog.Category)? owner", "--public-read --notify"),
        ],
    ),
    (
        {"django_version": "6.1", "python_version": "3.14", "features": "files durable_tasks"},
        [
            ("line_items", "LineItem", f"{EVERY_TYPE} owner", "--soft-delete --task"),
            ("line_items", "Entry", "item:ref(line_items.LineItem) owner"),
        ],
    ),
]


def generate(project: Path, env: dict[str, str], *arguments: str) -> str:
    """Run `make app` with a name, a model, fields and options."""
    names = (f"{key}={value}" for key, value in zip(("NAME", "MODEL", "FIELDS", "OPTIONS"), arguments, strict=False))
    return run("make", "app", *names, cwd=project, env=env)


@pytest.mark.variants
@pytest.mark.parametrize(("answers", "apps"), CASES, ids=["default", "notifications", "durable_tasks"])
def test_generated_app_passes_checks_and_tests(
    bake: Bakery, tmp_path: Path, environment: dict[str, str], answers: Answers, apps: list[tuple[str, ...]]
) -> None:
    project = shutil.copytree(bake(**answers), tmp_path / "project")
    run("make", "setup", f"PYTHON={python_for(project, '3.14')}", cwd=project, env=environment)
    for arguments in apps:
        generate(project, environment, *arguments)
    run("make", "check", cwd=project, env=environment)
    created = run("make", "seed", cwd=project, env=environment).splitlines()
    assert {f"{app}.{model}: 10" for app, model, *_ in apps} <= set(created)
    if not answers:
        run("make", "coverage", cwd=project, env=environment)
        return
    # In other variants, the tests that a new app affects.
    folders = {f"apps/{name}" for name, *_ in apps}
    shared = ("tests/test_admin.py", "tests/test_contract.py", "tests/test_schema.py", "tests/test_layers.py")
    run(project / ".venv" / "bin" / "pytest", *sorted(folders), *shared, cwd=project, env=environment)


def code_of(project: Path) -> dict[str, bytes]:
    """Return the files that the command may change."""
    folders = ("apps", "config")
    return {
        f"{folder}/{name}": content
        for folder in folders
        for name, content in files_of(project / folder)
        if "__pycache__" not in name
    }


def refusal(project: Path, env: dict[str, str], *arguments: str) -> str:
    """Return the error of a request that must not change anything."""
    before = code_of(project)
    command = [str(project / ".venv" / "bin" / "python"), "manage.py", "startapp", *arguments]
    process = subprocess.run(command, cwd=project, env=env, check=False, capture_output=True, encoding="utf-8")
    assert process.returncode == 1
    assert code_of(project) == before
    return process.stderr


REFUSED = {
    ("Projects", "Project", "title"): "Projects: an app has a lower-case name",
    ("users", "Project", "title"): "users: an app has",
    ("sessions", "Project", "title"): "sessions: the name is taken",
    ("projects", "project", "title"): "project: the name of a model begins with a capital letter",
    ("projects", "Project"): "at least one field is needed",
    ("projects", "Project", "class:str"): "class:str: a name has",
    ("projects", "Project", "title:text:str"): "title:text:str: write name:type",
    ("projects", "Project", "title:string"): "title:string: unknown type; choose from str",
    ("projects", "Project", "title title:text"): "title:text: the name occurs twice",
    ("projects", "Project", "created_at:date"): "created_at:date: the name created_at is used by the base models",
    ("projects", "Project", "status:choice"): "status:choice: choice(open,done)",
    ("projects", "Project", "status:choice(a,a)"): "status:choice(a,a): a choice occurs twice",
    ("projects", "Project", "task:ref(projects.Task)"): "task:ref(projects.Task): there is no model projects.Task",
    ("projects", "Project", "title", "--notify"): "--notify needs the field owner and notifications",
}
# Prints the error of each request; one process for all.
REQUESTS = """
import json, sys
from django.core.management import CommandError, call_command
for arguments in json.load(sys.stdin):
    try:
        call_command("startapp", *arguments)
    except CommandError as error:
        print(json.dumps(str(error)))
"""


def test_invalid_requests_are_refused(installed: Path, environment: dict[str, str]) -> None:
    before = code_of(installed)
    command = (installed / ".venv" / "bin" / "python", "manage.py", "shell", "-v", "0", "-c", REQUESTS)
    errors = run(*command, cwd=installed, env=environment, typed=json.dumps(list(REFUSED))).splitlines()
    for (arguments, expected), error in zip(REFUSED.items(), errors, strict=True):
        assert json.loads(error).startswith(expected), arguments
    assert code_of(installed) == before


def test_dry_run_shows_the_changes_only(installed: Path, environment: dict[str, str]) -> None:
    before = code_of(installed)
    shown = generate(installed, environment, "projects", "Project", "title owner", "--dry-run")
    assert "+class Project(UUIDModel, TimeStampedModel):" in shown
    assert '+    "apps.projects",' in shown
    assert code_of(installed) == before


def test_failed_generation_is_undone(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    project = shutil.copytree(installed, tmp_path / "project", symlinks=True)
    # Django cannot start to write the migration.
    (project / "config" / "urls.py").write_text(
        (project / "config" / "urls.py").read_text(encoding="utf-8") + "\nraise RuntimeError\n", encoding="utf-8"
    )
    assert "makemigrations" in refusal(project, environment, "projects", "Project", "title")


def test_existing_model_is_refused_and_lists_stay_sorted(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    project = shutil.copytree(installed, tmp_path / "project", symlinks=True)
    for name in ("projects", "catalog"):
        generate(project, environment, name, "Item", "title")
    assert "has this model" in refusal(project, environment, "catalog", "Item", "title")
    assert "has this model" in refusal(project, environment, "catalog", "ITEM", "title")
    settings = (project / "config" / "settings" / "base.py").read_text(encoding="utf-8")
    names = re.findall(r'^    "apps\.(\w+)",$', settings, re.MULTILINE)
    assert names == ["catalog", "core", "projects", "users"]
    rules = (project / "pyproject.toml").read_text(encoding="utf-8")
    assert 'forbidden_modules = [\n  "apps.catalog",\n  "apps.projects",\n  "apps.users",\n]' in rules
