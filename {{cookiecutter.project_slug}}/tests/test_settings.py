"""Settings of each environment, loaded in separate processes."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

from tests.production import REQUIRED, run_python

pytestmark = pytest.mark.process

# Reports settings, checks and health in production, with unavailable databases.
PRODUCTION = """
import importlib, json, sys
import django
from django.core import checks
from django.test import Client
from django.utils.functional import Promise

django.setup()
imported = [name for name in ("celery", "kombu", "sentry_sdk") if name in sys.modules]
modules = {name: importlib.import_module(f"config.settings.{name}") for name in ("production", "staging")}
report = {
    name: {key: value for key, value in vars(module).items() if key.isupper()}
    for name, module in modules.items()
}
report["checks"] = [str(message) for message in checks.run_checks(include_deployment_checks=True)
    if not message.is_silenced()]
report["imported"] = imported
client = Client(headers={"host": "10.0.0.7"})
for name in ("live", "ready"):
    response = client.get(f"/health/{name}/")
    report[name] = [response.status_code, response.json()]
print(json.dumps(report, default=lambda value: "lazy" if isinstance(value, Promise) else repr(value)))
"""
# Invalid values of each kind, with a secret that must not be quoted.
CANNOT_WORK = {
    "ADMIN_URL": "api/s3cret",
    "ALLOWED_HOSTS": "https://s3cret.example.com",
    "CORS_ALLOWED_ORIGINS": "s3cret.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://s3cret.example.com/path",
    "DATABASE_URL": "postgres://s:1#s3cret@host/db",
    "DB_PGBOUNCER": "s3cret",
    "DEFAULT_FROM_EMAIL": "s3cret",
    "EMAIL_BACKEND": "s3cret",
    "EMAIL_HOST": "s3cret.example.com:25",
    "EMAIL_PORT": "s3cret",
    "FILE_MAX_BYTES": "10MB s3cret",
    "FRONTEND_URL": "s3cret.example.com",
    "LOG_LEVEL": "s3cret",
    "NUM_PROXIES": "-1",
    "REDIS_URL": "s3cret:6379",
    "SENTRY_DSN": "https://s3cret.example.com/1",
    "SENTRY_SAMPLE_RATE": "1.5",
    "THROTTLE_ANON": "60",
}
CLOSED_PORT = "postgres://user:s3cret@127.0.0.1:1/shop"
CLOSED_REDIS = "redis://:s3cret@127.0.0.1:1/0"


@dataclass(frozen=True)
class Report:
    """Output and log of a process."""

    said: dict[str, Any]
    log: list[dict[str, Any]]


@pytest.fixture(scope="module")
def production() -> Report:
    away = {"DATABASE_URL": CLOSED_PORT, "DATABASE_REPLICA_URL": CLOSED_PORT, "REDIS_URL": CLOSED_REDIS}
    # Required to pass `check --deploy`.
    away |= {"ADMIN_URL": "manage/", "NUM_PROXIES": "1", "SILENCED_SYSTEM_CHECKS": "core.W003"}
    process = run_python("-c", PRODUCTION, **away, TOKEN_ISSUER="")
    assert process.returncode == 0, process.stderr
    return Report(json.loads(process.stdout), [json.loads(line) for line in process.stderr.splitlines()])


def faults(process: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return the error of each variable from the output of a process."""
    assert process.returncode != 0
    _, _, message = process.stderr.partition("ImproperlyConfigured: Correct these environment variables")
    return dict(line.strip().split(": ", 1) for line in message.splitlines()[1:])


def test_issuer_of_tokens_differs_between_production_and_staging(production: Report) -> None:
    issuers = {name: production.said[name]["SIMPLE_JWT"]["ISSUER"] for name in ("production", "staging")}

    assert issuers["staging"] == f"{issuers['production']}-staging"


def test_production_reports_all_missing_variables() -> None:
    process = run_python("-m", "config.settings.production", **dict.fromkeys(REQUIRED, ""))
    found = faults(process)
    assert list(found) == list(REQUIRED)
    assert all(message.startswith("is required, and must be ") for message in found.values())


def test_production_reports_all_invalid_values_without_quoting_them() -> None:
    process = run_python("-m", "config.settings.production", **CANNOT_WORK)
    assert faults(process).keys() == CANNOT_WORK.keys()
    assert "s3cret" not in process.stderr


def test_production_passes_the_deployment_checks(production: Report) -> None:
    assert production.said["checks"] == []


def test_start_imports_libraries_only_when_they_are_used(production: Report) -> None:
    assert production.said["imported"] == []


def test_staging_differs_from_production_only_in_hsts_and_issuer(production: Report) -> None:
    settings, staging = production.said["production"], production.said["staging"]
    assert settings.keys() == staging.keys()
    assert {name for name in settings if settings[name] != staging[name]} == {
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_HSTS_PRELOAD",
        "SIMPLE_JWT",
    }
    assert settings["DEBUG"] is False
    assert settings["SECURE_HSTS_SECONDS"] == 31_536_000
    assert staging["SECURE_HSTS_SECONDS"] == 3600


def test_readiness_reports_unavailable_servers_and_liveness_passes(production: Report) -> None:
    assert production.said["live"] == [200, {"status": "ok"}]
    status, said = production.said["ready"]
    assert (status, said["status"]) == (503, "unavailable")
    away = {name for name, state in said["components"].items() if state == "unavailable"}
    # Other apps may add components.
    assert {"database", "cache", "migrations"} <= away
    failed = {line["component"] for line in production.log if line["event"] == "health_check_failed"}
    assert failed == away
    assert "s3cret" not in json.dumps(production.log)


def test_production_uses_the_configured_replica(production: Report) -> None:
    assert production.said["production"]["DATABASES"].keys() == {"default", "replica"}
    routers = production.said["production"]["DATABASE_ROUTERS"]
    assert routers == ["infrastructure.database.replica.ReplicaRouter"]
