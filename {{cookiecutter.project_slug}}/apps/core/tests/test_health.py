import json
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from conftest import Client
from tests.production import run_python

ASK_BOTH = """
import json
import django
from django.test import Client
django.setup()
client = Client(headers={"host": "10.0.0.7"})
answers = {}
for name in ("live", "ready"):
    response = client.get(f"/health/{name}/")
    answers[name] = [response.status_code, response.json()]
print(json.dumps(answers))
"""


def ask_both(**variables: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What both probes answer in production, and the lines of the log."""
    process = run_python("-c", ASK_BOTH, **variables)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout), [json.loads(line) for line in process.stderr.splitlines()]


def test_the_process_lives_whatever_the_host_and_without_a_query(
    api: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = api.get(reverse("health-live"), HTTP_HOST="10.0.0.7")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_process_whose_components_work_is_ready(api: Client, db: None) -> None:
    response = api.get(reverse("health-ready"), HTTP_HOST="10.0.0.7")
    assert response.status_code == 200, response.content
    assert response.json() == {
        "status": "ok",
        "components": {"database": "ok", "cache": "ok", "migrations": "ok"},
    }


def test_an_unknown_probe_is_not_found(api: Client, db: None) -> None:
    assert api.get("/health/nothing/").status_code == 404


def test_a_process_ahead_of_its_database_is_not_ready(
    api: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    MigrationRecorder(connection).record_unapplied("users", "0001_initial")
    response = api.get(reverse("health-ready"))
    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert response.json()["components"] == {"database": "ok", "cache": "ok", "migrations": "unavailable"}
    assert "Migrations are not applied." in caplog.text


def test_a_process_without_its_cache_is_not_ready(api: Client, db: None, settings: Settings) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"},
    }
    response = api.get(reverse("health-ready"))
    assert response.status_code == 503
    assert response.json()["components"] == {"database": "ok", "cache": "unavailable", "migrations": "ok"}


def test_in_production_a_database_that_is_away_is_named_and_the_process_lives_on() -> None:
    answers, log = ask_both(DATABASE_URL="postgres://user:s3cret@127.0.0.1:1/none")
    assert answers["live"] == [200, {"status": "ok"}]
    status, report = answers["ready"]
    assert (status, report["status"]) == (503, "unavailable")
    assert report["components"]["database"] == "unavailable"
    assert report["components"]["cache"] == "ok"
    failures = [line for line in log if line["event"] == "health_check_failed"]
    assert "database" in {line["component"] for line in failures}
    assert "s3cret" not in json.dumps(log)
