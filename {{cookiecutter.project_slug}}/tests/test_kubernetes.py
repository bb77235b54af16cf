"""Consistency of the Kubernetes manifests with settings, routes and commands."""

import runpy
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.test import Client

from config.env import BASE_DIR
from tests.production import REQUIRED
from tests.test_environment import BEFORE_SETTINGS, names_in_code

FOLDER = BASE_DIR / "deploy/kubernetes"
OVERLAYS = sorted(path for path in (FOLDER / "overlays").iterdir() if path.is_dir())
# Read by libpq. https://www.postgresql.org/docs/current/libpq-envars.html
LIBPQ = {"PGHOST", "PGOPTIONS", "PGPASSWORD", "PGPORT", "PGSSLMODE", "PGUSER"}
every_overlay = pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda overlay: overlay.name)


def documents() -> Iterator[Any]:
    for file in sorted(FOLDER.rglob("*.yaml")):
        yield from yaml.safe_load_all(file.read_text(encoding="utf-8"))


def found(key: str, part: Any) -> Iterator[Any]:
    """Yield each value of a key at any depth."""
    if isinstance(part, list):
        for entry in part:
            yield from found(key, entry)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name == key:
                yield value
            yield from found(key, value)


def names_in(*files: Path) -> set[str]:
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def names_in_components() -> set[str]:
    files = (FOLDER / "components").rglob("kustomization.yaml")
    literals = found("literals", [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files])
    return {literal.partition("=")[0] for group in literals for literal in group}


def workload(name: str) -> Any:
    return next(
        document
        for document in documents()
        if isinstance(document, dict)
        and document["kind"] == "Deployment"
        and document["metadata"]["name"] == name
    )


def test_variables_are_all_used() -> None:
    in_files = names_in(*FOLDER.rglob("*.env"), FOLDER / "secrets.env.example")
    in_containers = {variable["name"] for group in found("env", list(documents())) for variable in group}
    read = {*names_in_code(), *BEFORE_SETTINGS, *LIBPQ}
    assert in_files | names_in_components() | in_containers <= read


@every_overlay
def test_required_variables_are_all_set(overlay: Path) -> None:
    given = names_in(FOLDER / "base/settings.env", overlay / "settings.env", FOLDER / "secrets.env.example")
    assert given | names_in_components() >= {*REQUIRED, *BEFORE_SETTINGS}


@every_overlay
def test_settings_module_of_an_overlay_exists(overlay: Path) -> None:
    text = (overlay / "settings.env").read_text(encoding="utf-8")
    module = text.partition("DJANGO_SETTINGS_MODULE=")[2].splitlines()[0]
    assert module == f"config.settings.{overlay.name}"
    assert find_spec(module) is not None


def test_secrets_have_no_values() -> None:
    lines = (FOLDER / "secrets.env.example").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#") and not line.endswith("=")] == []


def test_probes_work_with_a_pod_ip_as_host(client: Client, db: None) -> None:
    paths = {probe["path"] for probe in found("httpGet", list(documents()))}
    assert {path.partition("?")[0] for path in paths} == {"/health/live/", "/health/ready/"}
    for path in paths:
        assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200


def test_commands_exist() -> None:
    commands = [" ".join(command) for command in found("command", list(documents()))]
    words = " ".join(commands).replace(";", " ").split()
    called = {word for before, word in pairwise(words) if before == "manage.py"}
    assert "migrate" in called
    assert called <= set(get_commands())
    modules = {word for before, word in pairwise(words) if before in {"-m", "--app"}}
    assert [module for module in modules if find_spec(module) is None] == []


def test_termination_grace_period_covers_graceful_shutdown() -> None:
    pod = workload("web")["spec"]["template"]["spec"]
    waiting = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    graceful = runpy.run_path(str(BASE_DIR / "gunicorn.conf.py"))["graceful_timeout"]
    assert pod["terminationGracePeriodSeconds"] > waiting + graceful


def test_media_root_is_a_volume() -> None:
    mounts = {mount["mountPath"] for mounts in found("volumeMounts", list(documents())) for mount in mounts}
    named = [
        literal.removeprefix("MEDIA_ROOT=")
        for literals in found("literals", list(documents()))
        for literal in literals
        if literal.startswith("MEDIA_ROOT=")
    ]
    assert set(named) <= mounts


def test_container_port_matches_gunicorn() -> None:
    port = workload("web")["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"]
    bind = runpy.run_path(str(BASE_DIR / "gunicorn.conf.py"))["bind"]
    assert bind == f"0.0.0.0:{port}"
