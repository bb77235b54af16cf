"""`make doctor` on projects with faults."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from baking import run

# An app that breaks each rule.
SHOP = Path(__file__).with_name("faulty_app")
# Text that replaces a pattern in a file of the project.
EDITS: list[tuple[str, str, str]] = [
    ("config/settings/base.py", r'(    "apps\.users",\n)', r'    "apps.shop",\n\1'),
    ("config/settings/testing.py", r'"zeal\.middleware\.zeal_middleware"', '"django.middleware.gzip.GZipMiddleware"'),
    ("config/settings/components/api.py", r"\Z", 'EMAIL_PASSWORD = "hunter2hunter2"\n'),
    ("config/urls.py", r'(    path\(""), include', r'    path("shop/", include("apps.shop.urls")),\n\1, include'),
    ("config/urls.py", r"health/", "status/"),
    ("pyproject.toml", r'  "error",\n', ""),
    ("pyproject.toml", "fail_under = 90", "fail_under = 50"),
    ("deploy/docker/Dockerfile", r"USER 10001:10001", "USER root"),
    (
        "config/settings/production.py",
        r"env\.check\(\)",
        """
DEBUG = True
SECRET_KEY = "x" * 64
ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = False
BACKGROUND_THREADS = False
WEB_REQUEST_TIMEOUT = 0
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
DATABASES["default"]["CONN_MAX_AGE"] = 0
LOGGING["handlers"]["console"]["formatter"] = "console"
MIDDLEWARE.remove("django.middleware.csrf.CsrfViewMiddleware")
MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")
REST_FRAMEWORK["EXCEPTION_HANDLER"] = "rest_framework.views.exception_handler"
env.check()
""",
    ),
]
EVIDENCE = {
    "allowed-hosts": r"ALLOWED_HOSTS=\['\*'\]",
    "audit": r"\.github/workflows/ci\.yml",
    "background": r"BACKGROUND_THREADS=False",
    "cache": r"CACHES\.default\.BACKEND=.*DummyCache",
    "ci": r"\.github/workflows/ci\.yml",
    "coverage": r"\d+(\.\d+)? %",
    "coverage-floor": r"pyproject\.toml",
    "csrf": r"MIDDLEWARE",
    "debug": r"DEBUG=True",
    "deploy-check": r"security\.W\d+: ",
    "factories": r"apps/shop",
    "health": r"config/urls\.py",
    "http-in-services": r"apps/shop/services\.py:5",
    "https": r"SECURE_SSL_REDIRECT=False",
    "image": r"deploy/docker/Dockerfile",
    "json-logs": r"LOGGING\.handlers\.console\.formatter=console",
    "layers": r"apps\.shop\.selectors -> apps\.shop\.services \(l\.3\)",
    "loop-writes": r"apps/shop/services\.py:12",
    "migrations-ci": r"\.github/workflows/ci\.yml",
    "model-changes": r"shop: Add field note to order",
    "n-plus-one": r"config/settings/testing\.py",
    "ordering-index": r"apps/shop/models\.py:5 Order: title",
    "orm-in-views": r"apps/shop/views\.py:14",
    "pagination": r"apps/shop/views\.py:13 OrderViewSet",
    "permissions": r"apps/shop/views\.py:28 OpenView; apps/shop/views\.py:13 OrderViewSet",
    "problem-details": r"REST_FRAMEWORK\.EXCEPTION_HANDLER=rest_framework\.",
    "reversible": r"shop\.0001_initial: RunPython",
    "secret-key": r"production does not read the variable",
    "secrets": r"config/settings/components/api\.py:\d+",
    "sql-injection": r"apps/shop/services\.py:15",
    "static": r"MIDDLEWARE",
    "swallowed": r"apps/shop/services\.py:16",
    "tests": r"apps/shop",
    "tests-ci": r"\.github/workflows/ci\.yml",
    "throttling": r"apps/shop/views\.py:13 OrderViewSet",
    "timeouts": r"WEB_REQUEST_TIMEOUT=0",
    "unapplied": r"shop\.0001_initial",
    "unbounded": r"apps/shop/services\.py:11",
    "validation": r"apps/shop/views\.py:24",
    "warnings": r"pyproject\.toml",
}
# Variables of a server whose database and Redis do not respond.
SERVER = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "ALLOWED_HOSTS": "api.example.com",
    "CELERY_BROKER_URL": "redis://:s3cret@127.0.0.1:1/1",
    "DATABASE_URL": "postgres://user:s3cret@127.0.0.1:1/shop",
    "DEFAULT_FROM_EMAIL": "no-reply@example.com",
    "EMAIL_HOST": "smtp.example.com",
    "FRONTEND_URL": "https://www.example.com",
    "REDIS_URL": "redis://:s3cret@127.0.0.1:1/0",
    "SECRET_KEY": "s3cret-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
}


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    """Return a copy of the default project, with the same environment and database."""
    place = shutil.copytree(installed, tmp_path / "project", ignore=shutil.ignore_patterns(".venv", ".coverage*"))
    (place / ".venv").symlink_to(installed / ".venv")
    return place


def doctor(project: Path, env: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(project / ".venv" / "bin" / "python"), "-m", "tools.doctor.command", *options]
    return subprocess.run(command, cwd=project, env=env, check=False, capture_output=True, text=True, timeout=120)


def items(report: dict[str, Any], status: str) -> dict[str, str]:
    """Return the evidence of the items with a status."""
    return {item["id"]: item["evidence"] for item in report["items"] if item["status"] == status}


def edit(project: Path, name: str, pattern: str, replacement: str) -> None:
    path = project / name
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
    assert count, f"{pattern} is not in {name}"
    path.write_text(text, encoding="utf-8")


def test_doctor_scores_the_default_project_in_the_top_band(project: Path, environment: dict[str, str]) -> None:
    process = doctor(project, environment, "--json", "--fail-below", "90")
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)
    assert report["score"] >= 90
    assert report["band"] == "production-grade"
    assert items(report, "failed") == {}
    assert items(report, "unknown").keys() == {"coverage", "sentry", "admin-url", "shared-cache", "backups"}
    assert sum(report["areas"].values()) == pytest.approx(report["score"], abs=0.5)
    assert {item["signal"] for item in report["items"]} == {None, *range(1, 9)}
    assert {item["check"] for item in report["items"]} == {None, *range(1, 11)}


def test_doctor_finds_each_fault_with_its_place(project: Path, environment: dict[str, str]) -> None:
    shutil.copytree(SHOP, project / "apps" / "shop")
    for arguments in EDITS:
        edit(project, *arguments)
    shutil.rmtree(project / ".github")
    (project / ".github" / "workflows").mkdir(parents=True)
    (project / ".github" / "workflows" / "ci.yml").write_text("# - run: make check coverage audit\n", encoding="utf-8")
    python = project / ".venv" / "bin" / "python"
    run(python, "-m", "coverage", "run", "manage.py", "version", cwd=project, env=environment)

    process = doctor(project, environment, "--json", "--fail-below", "90")
    assert process.returncode == 1
    report = json.loads(process.stdout)
    failed = items(report, "failed")
    assert failed.keys() == EVIDENCE.keys()
    wrong = {name: text for name, text in failed.items() if not re.match(EVIDENCE[name], text)}
    assert wrong == {}
    assert report["score"] < 20
    assert report["band"] == "fix the foundations first"
    assert "accepted" not in process.stdout


def test_doctor_examines_the_settings_of_the_server(project: Path, environment: dict[str, str]) -> None:
    process = doctor(project, environment | SERVER, "--json")
    assert process.returncode == 0, process.stderr
    report = json.loads(process.stdout)
    assert items(report, "failed").keys() == {"deploy-check", "sentry", "admin-url"}
    assert "core.W001" in items(report, "failed")["deploy-check"]
    assert "OperationalError" in items(report, "unknown")["unapplied"]
    assert "s3cret" not in process.stdout


def test_doctor_accepts_a_complete_server_and_lines_with_a_reason(project: Path, environment: dict[str, str]) -> None:
    complete = {"ADMIN_URL": "manage/", "NUM_PROXIES": "1", "SENTRY_DSN": "https://s3cret@sentry.example.com/1"}
    line = "users = [user for user in User.objects.all()]"
    edit(project, "apps/users/api/serializers.py", r"\Z", f"# {line}\ndef _():\n    {line}  # doctor: ten rows\n")
    process = doctor(project, environment | SERVER | complete)
    assert "failed  " not in process.stdout
    assert re.findall(r"unknown +(\w+)", process.stdout) == ["Measured", "All", "Backups"]
    assert re.search(r"passed +No code loads whole tables: \d+ files, 1 accepted", process.stdout)
    assert not {"s3cret", "\x1b"} & set(re.findall(r"s3cret|\x1b", process.stdout))


def test_doctor_finds_settings_that_are_not_split_and_djangos_user(project: Path, environment: dict[str, str]) -> None:
    edit(project, "config/settings/production.py", r"config\.settings\.base", "config.settings.development")
    edit(project, "config/settings/production.py", r"env\.check\(\)", 'AUTH_USER_MODEL = "auth.User"')
    process = doctor(project, environment, "--json")
    found = items(json.loads(process.stdout), "failed")
    assert {"settings-split", "user-model", "deploy-check"} <= found.keys()


def test_doctor_reports_broken_views(project: Path, environment: dict[str, str]) -> None:
    edit(project, "apps/users/api/views.py", r"\A", "def broken(:\n")
    process = doctor(project, environment, "--json")
    found = items(json.loads(process.stdout), "failed")
    assert found["deploy-check"].startswith("apps/users/api/views.py:1 SyntaxError: ")
    assert "Traceback" not in process.stdout + process.stderr


def test_doctor_reports_broken_models_without_a_traceback(project: Path, environment: dict[str, str]) -> None:
    edit(project, "apps/users/models.py", r"\A", "import does_not_exist\n")
    process = doctor(project, environment)
    assert process.returncode == 1
    expected = (
        "The project cannot be loaded: apps/users/models.py:1 ModuleNotFoundError: No module named 'does_not_exist'"
    )
    assert process.stderr.strip() == expected
