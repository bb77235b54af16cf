"""Processes of the pods with the environment of the manifests, on PostgreSQL and Redis."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import requests
from baking import bare_environment
from cluster import Cluster, Object, build, containers, kustomize
from servers import PostgreSQL, Program, Redis, eventually, free_port, listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from baking import Bakery

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(not kustomize(), reason="neither kustomize nor kubectl is on the path"),
]


class Pods:
    """Local execution of containers, with their environment variables and a folder in place of `/tmp`.

    Args:
        project: the project folder, with a virtual environment.
        cluster: the objects of an overlay.
        folder: the replacement of `/tmp`.
    """

    def __init__(self, project: Path, cluster: Cluster, folder: Path) -> None:
        self.project = project
        self.cluster = cluster
        self.folder = folder

    def container(self, pod: str, name: str) -> Object:
        """Return a container of a pod."""
        (found,) = [each for each in containers(self.cluster.pods()[pod]) if each["name"] == name]
        return found

    def env(self, container: Object) -> dict[str, str]:
        """Return the environment variables of a container."""
        env = bare_environment(PYTHONUNBUFFERED="1")
        env["PATH"] = f"{self.project / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                env |= self.cluster.one("ConfigMap", source["configMapRef"]["name"].split("-")[0])["data"]
            else:
                hidden = self.cluster.one("Secret", source["secretRef"]["name"].split("-")[0])["data"]
                env |= {name: base64.b64decode(value).decode() for name, value in hidden.items()}
        env |= {variable["name"]: variable["value"] for variable in container.get("env", []) if "value" in variable}
        return {name: str(self.folder) if value == "/tmp" else value for name, value in env.items()}  # noqa: S108

    def run(self, pod: str, name: str = "app", command: list[str] | None = None) -> int:
        """Run the command of a container, or another one, and return the exit status."""
        found = self.container(pod, name)
        return subprocess.run(
            command or found["command"], cwd=self.project, env=self.env(found), check=False, timeout=60
        ).returncode

    def probe(self, pod: str, name: str) -> bool:
        """Run the exec probe of a pod and return whether it succeeds."""
        return self.run(pod, command=self.container(pod, "app")[name]["exec"]["command"]) == 0


@pytest.fixture(scope="module")
def database() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        server.create_database("my_api")
        yield server


@pytest.fixture(scope="module")
def pods(
    bake: Bakery, installed: Path, database: PostgreSQL, redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Pods:
    """Return the pods of production, with host names and secrets filled in."""
    project = shutil.copytree(bake(deployment="kubernetes"), tmp_path_factory.mktemp("pods") / "my_api")
    (project / ".venv").symlink_to(installed / ".venv")
    (project / ".env").unlink()
    overlay = project / "deploy/kubernetes/overlays/production"
    written = {"PGHOST": "127.0.0.1", "PGUSER": "postgres", "EMAIL_HOST": "127.0.0.1"}
    fill_in(overlay / "settings.env", **written)
    # PostgreSQL without TLS, also in place of PgBouncer.
    base = project / "deploy/kubernetes/base/settings.env"
    fill_in(base, PGPORT=str(database.port), PGSSLMODE="prefer")
    base.write_text(base.read_text("utf-8").replace("pgbouncer:6432", f"127.0.0.1:{database.port}"), "utf-8")
    example = (project / "deploy/kubernetes/secrets.env.example").read_text("utf-8")
    (overlay / "secrets.env").write_text(example, "utf-8")
    secrets = {"SECRET_KEY": "not-a-secret-" * 5, "PGPASSWORD": "x"}
    fill_in(overlay / "secrets.env", **secrets, REDIS_URL=redis.url, CELERY_BROKER_URL=redis.url)
    return Pods(project, Cluster(build(overlay)), tmp_path_factory.mktemp("tmp"))


def fill_in(file: Path, **values: str) -> None:
    """Set variables in an environment file."""
    text = file.read_text("utf-8")
    for name, value in values.items():
        text, found = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert found == 1, name
    file.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def migrated(pods: Pods) -> Pods:
    """Return the pods after the migration."""
    wait = pods.container("web", "wait-for-migrations")
    shell, flag, loop = wait["command"]
    once = loop.replace("until ", "").partition(";")[0]
    assert pods.run("web", "wait-for-migrations", [shell, flag, once]) != 0
    assert pods.run("migrate") == 0
    assert pods.run("web", "wait-for-migrations") == 0
    return pods


def test_web_passes_its_probes(migrated: Pods, tmp_path: Path) -> None:
    container = migrated.container("web", "app")
    port = free_port()
    env = migrated.env(container) | {"WEB_BIND": f"127.0.0.1:{port}"}
    with Program("gunicorn", "config.wsgi", cwd=migrated.project, env=env, log=tmp_path / "web.log") as web:
        eventually(lambda: listens(port) or not web.running())
        assert web.running(), web.output()
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            answer = requests.get(f"http://127.0.0.1:{port}{container[probe]['httpGet']['path']}", timeout=30)
            assert answer.status_code == 200, answer.text
            assert answer.history == []
        assert answer.json()["components"] == {"database": "ok", "migrations": "ok"}
        everything: dict[str, Any] = requests.get(f"http://127.0.0.1:{port}/health/ready/", timeout=30).json()
        assert everything["status"] == "ok"
        # The header is trusted, since the network policy allows only the ingress controller.
        headers = {"Host": "example.com", "X-Forwarded-Proto": "https"}
        asked = f"http://127.0.0.1:{port}/api/v1/users/me/"
        assert requests.get(asked, headers=headers, timeout=30).status_code == 401
        assert web.stop() == 0


@pytest.mark.parametrize("name", ["worker-critical", "worker-default", "worker-bulk", "beat"])
def test_workers_and_beat_pass_their_probes(migrated: Pods, tmp_path: Path, name: str) -> None:
    container = migrated.container(name, "app")
    probes = ["livenessProbe", "readinessProbe"]
    # A separate folder, as in each pod.
    mine = Pods(migrated.project, migrated.cluster, tmp_path)
    assert not mine.probe(name, "livenessProbe")
    log = tmp_path / "log"
    with Program(*container["command"], cwd=mine.project, env=mine.env(container), log=log) as process:
        eventually(lambda: not process.running() or all(mine.probe(name, probe) for probe in probes), every=1)
        assert process.running(), process.output()
        process.stop()
    assert name == "beat" or not mine.probe(name, "livenessProbe")
