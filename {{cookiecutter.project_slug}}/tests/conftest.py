"""Production server that all tests of a module share, and its log."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from config.database import database_config
from tests.production import Server, served


def lines(server: Server) -> list[dict[str, Any]]:
    """Return all log lines, each parsed as a JSON object."""
    return [json.loads(line) for line in server.output.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Create a migrated database in a file."""
    path = tmp_path_factory.mktemp("production") / "db.sqlite3"
    url = f"sqlite:///{path}"
    connections.settings["production"] = {
        **connections.settings["default"],
        **database_config(url, pool_size=0, pgbouncer=False, statement_timeout=0),
    }
    with django_db_blocker.unblock():
        call_command("migrate", database="production", verbosity=0)
    connections["production"].close()
    del connections["production"], connections.settings["production"]
    return path


@pytest.fixture(scope="module")
def server(database: Path) -> Iterator[Server]:
    """Serve all tests with one process, which must shut down gracefully at the end."""
    variables = {
        "DATABASE_URL": f"sqlite:///{database}",
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(database.parent / "mails"),
    }
    with served(database.parent, **variables) as running:
        yield running
        assert running.stop() == 0
        assert "Shutting down" in lines(running)[-1]["event"]
