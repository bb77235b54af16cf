"""Compatibility of code and clients of the last release with new migrations and schemas."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from baking import bare_environment, run
from servers import CREATE_USER, HTTPS, PHRASE, Web, production

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers import PostgreSQL

pytestmark = pytest.mark.services

COMPATIBILITY = (
    "make",
    "compatibility",
    "BASE=main",
    # A subset suffices: incompatible migrations break every test that uses users.
    "TESTS=--exitfirst apps/users/tests/test_models.py apps/users/tests/api/test_registration.py",
    f"PYTHON={sys.executable}",
)
FIELD = '    first_name = models.CharField(_("first name"), max_length=150, blank=True)\n'
WITH_DEFAULT_IN_THE_DATABASE = FIELD + '    locale = models.CharField(max_length=10, db_default="en")\n'
WITH_DEFAULT_IN_THE_CODE = FIELD + '    locale = models.CharField(max_length=10, default="en")\n'
CONSTRAINT = """from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("users", "0002_user_language_timezone")]
    operations = [
        migrations.RunSQL("ALTER TABLE users_user ADD CONSTRAINT named CHECK (first_name <> '')", "SELECT 1"),
    ]
"""


@pytest.fixture(scope="module")
def repository(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the default project as a git repository with one release, set up."""
    place = tmp_path_factory.mktemp("repository") / "my_api"
    shutil.copytree(installed, place, ignore=shutil.ignore_patterns(".venv", ".git"))
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=place)
    run("git", "add", "--all", cwd=place)
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    run("git", *author, "commit", "--quiet", "--message", "Release", cwd=place)
    run("make", "setup", f"PYTHON={sys.executable}", cwd=place)
    return place


@pytest.fixture
def release(repository: Path) -> Iterator[Path]:
    """Return the repository, and reset it after the test."""
    yield repository
    run("git", "reset", "--quiet", "--hard", cwd=repository)
    run("git", "clean", "--quiet", "--force", "-d", "apps", cwd=repository)


def change(project: Path, after: str) -> None:
    """Change the user model and create the migration."""
    models = project / "apps" / "users" / "models.py"
    text = models.read_text(encoding="utf-8")
    assert FIELD in text
    models.write_text(text.replace(FIELD, after), encoding="utf-8")
    run(project / ".venv" / "bin" / "python", "manage.py", "makemigrations", "--verbosity", "0", "users", cwd=project)


def failed(*command: str, project: Path, **env: str) -> str:
    """Run a command that must fail, and return its stdout."""
    result = subprocess.run(
        command, cwd=project, env=bare_environment(**env), check=False, capture_output=True, encoding="utf-8"
    )
    assert result.returncode != 0
    return result.stdout


def test_column_with_database_default_is_compatible_with_last_release(release: Path, postgresql: PostgreSQL) -> None:
    database = postgresql.create_database("expand")
    change(release, WITH_DEFAULT_IN_THE_DATABASE)
    run("make", "migrations", cwd=release)
    run("make", "migrations", cwd=release, env=bare_environment(DATABASE_URL=database))
    assert " passed" in run(*COMPATIBILITY, cwd=release, env=bare_environment(DATABASE_URL=database))


def test_column_with_python_default_is_incompatible_with_last_release(release: Path, postgresql: PostgreSQL) -> None:
    database = postgresql.create_database("naive")
    change(release, WITH_DEFAULT_IN_THE_CODE)
    assert "NOT NULL constraint" in failed("make", "migrations", project=release, DATABASE_URL=database)
    assert "user.locale" in failed(".venv/bin/pytest", "-n0", "tests/test_migrations.py", project=release)
    assert 'null value in column "locale"' in failed(*COMPATIBILITY, project=release, DATABASE_URL=database)


def test_constraint_is_incompatible_with_last_release(release: Path, postgresql: PostgreSQL) -> None:
    (release / "apps" / "users" / "migrations" / "0003_named.py").write_text(CONSTRAINT, encoding="utf-8")
    database = postgresql.create_database("behind_the_linter")
    assert 'check constraint "named"' in failed(*COMPATIBILITY, project=release, DATABASE_URL=database)


def test_openapi_diff_reports_breaking_change(release: Path) -> None:
    diff = ("make", "--silent", "openapi-diff", "BASE=main", f"PYTHON={sys.executable}")
    assert "No breaking changes of the API." in run(*diff, cwd=release)
    models = release / "apps" / "users" / "models.py"
    models.write_text(models.read_text(encoding="utf-8").replace(FIELD, FIELD.replace("150", "99")), encoding="utf-8")
    change = "request body, `first_name`: `maxLength` changed from `150` to `99`"
    assert f"| `PATCH /api/v1/users/me/` | {change} |" in failed(*diff, project=release)


def test_old_release_serves_while_new_one_migrates_and_starts(
    installed: Path, release: Path, tmp_path: Path, postgresql: PostgreSQL
) -> None:
    database = postgresql.create_database("rolling")
    limits = {"THROTTLE_ANON": "none", "THROTTLE_AUTH": "none"}
    env = production(installed, DATABASE_URL=database, CELERY_BROKER_URL="memory://", **limits)
    run(installed / ".venv" / "bin" / "python", "manage.py", "shell", "--command", CREATE_USER, cwd=installed, env=env)
    change(release, WITH_DEFAULT_IN_THE_DATABASE)
    with Web(installed, tmp_path, env, workers=1) as old:
        walk(old.url, "before@example.com")
        run(release / ".venv" / "bin" / "python", "manage.py", "migrate", "--verbosity", "0", cwd=release, env=env)
        walk(old.url, "during@example.com")
        with Web(release, tmp_path, env, workers=1) as new:
            walk(new.url, "after@example.com")
            walk(old.url, "beside@example.com")
        # After a rollback, the old code runs alone on the new tables.
        walk(old.url, "back@example.com")


def walk(url: str, email: str) -> None:
    """Check readiness, and read, insert and update rows of the changed table."""

    def ask(method: str, path: str, status: int, **body: str) -> requests.Response:
        answer = client.request(method, f"{url}{path}", json=body or None, timeout=30)
        assert answer.status_code == status, answer.text
        return answer

    with requests.Session() as client:
        client.headers.update(HTTPS)
        ask("GET", "/health/ready/", 200)
        ask("POST", "/api/v1/auth/register/", 202, email=email, password=PHRASE)
        pair = ask("POST", "/api/v1/auth/token/", 200, email="ada@example.com", password=PHRASE).json()
        client.headers["Authorization"] = f"Bearer {pair['access']}"
        ask("PATCH", "/api/v1/users/me/", 200, first_name=email)
        assert ask("GET", "/api/v1/users/me/", 200).json()["first_name"] == email
