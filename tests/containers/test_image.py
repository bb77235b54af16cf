"""Image of the default project on each Python: size, bytecode, and all processes."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
from typing import TYPE_CHECKING, Self

import pytest
import requests
from baking import DEFINITION, run
from servers import eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from baking import Bakery

pytestmark = pytest.mark.containers
PYTHONS = DEFINITION["python_version"]
SETTINGS = {
    "ADMIN_URL": "manage/",
    "ALLOWED_HOSTS": "api.example.com",
    "CELERY_BROKER_URL": "redis://redis:6379/1",
    "CELERY_CONCURRENCY": "1",
    "CELERY_HEARTBEAT_DIR": "/tmp",  # noqa: S108 - in a container
    # Shared by all processes: the volume of uploads is the only writable one.
    "DATABASE_URL": "sqlite:////media/db.sqlite3",
    "DEFAULT_FROM_EMAIL": "no-reply@example.com",
    "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
    "EMAIL_FILE_PATH": "/media/mails",
    "FRONTEND_URL": "https://www.example.com",
    "NUM_PROXIES": "1",
    "REDIS_URL": "redis://redis:6379/0",
    "SECRET_KEY": secrets.token_hex(32),
    "SHOP_PAYMENT_PROVIDER": "stripe",
    # core.W003: there is no Sentry.
    "SILENCED_SYSTEM_CHECKS": "core.W003",
    "STRIPE_SECRET_KEY": "sk_test_example",
    "STRIPE_WEBHOOK_SECRET": "whsec_example",
    "WEB_CONCURRENCY": "1",
}
HEADERS = {
    "Accept-Encoding": "gzip",
    "Accept-Language": "de",
    "Host": "api.example.com",
    "X-Forwarded-Proto": "https",
}


class Processes:
    """Containers of one image, with a separate broker."""

    def __init__(self, image: str, folder: Path) -> None:
        self.image = image
        self.folder = folder
        self.name = f"image-{secrets.token_hex(4)}"
        self.port = free_port()
        self.options = ["--network", self.name, "--volume", f"{self.name}:/media", "--read-only", "--tmpfs", "/tmp"]  # noqa: S108
        self.options += [part for name, value in SETTINGS.items() for part in ("--env", f"{name}={value}")]

    def __enter__(self) -> Self:
        self.docker("network", "create", self.name)
        self.docker(
            *["run", "--detach", "--name", f"{self.name}-redis", "--network", self.name, "--network-alias", "redis"],
            *["redis:8", "redis-server", "--protected-mode", "no", "--save", ""],
        )
        return self

    def __exit__(self, *_: object) -> None:
        containers = self.docker("ps", "--all", "--quiet", "--filter", f"network={self.name}").split()
        self.docker("rm", "--force", "--volumes", *containers)
        self.docker("network", "rm", self.name)
        self.docker("volume", "rm", "--force", self.name)

    def docker(self, *arguments: str) -> str:
        return run("docker", *arguments, cwd=self.folder)

    def once(self, *command: str) -> str:
        """Run a command in the image and return its output."""
        return self.docker("run", "--rm", *self.options, self.image, *command)

    def start(self, name: str, *command: str) -> str:
        """Start a process and return the ID of its container."""
        publish = ["--publish", f"127.0.0.1:{self.port}:8000"] if name == "web" else []
        started = ["run", "--detach", "--name", f"{self.name}-{name}", *publish, *self.options, self.image]
        return self.docker(*started, *command).strip()

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        """Send a request with the headers of a proxy."""
        url = f"http://127.0.0.1:{self.port}{path}"
        return requests.request(method, url, headers=HEADERS, timeout=30, allow_redirects=False, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=PYTHONS)
def project(
    request: pytest.FixtureRequest, bake: Bakery, installed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the default project for one Python, with its image built by `make image`."""
    project = shutil.copytree(bake(python_version=request.param), tmp_path_factory.mktemp("image") / "my_api")
    shutil.copy(installed / "uv.lock", project)
    flags = os.environ.get("DOCKER_BUILD_FLAGS", "")
    run("make", "image", "IMAGE=image-of-the-tests", f"TAG={request.param}", f"DOCKER_BUILD_FLAGS={flags}", cwd=project)
    return project


@pytest.fixture(scope="module")
def image(project: Path) -> str:
    (version,) = re.findall(
        r"^ARG PYTHON_VERSION=(.+)", (project / "deploy/docker/Dockerfile").read_text(), re.MULTILINE
    )
    return f"image-of-the-tests:{version}"


@pytest.fixture(scope="module")
def processes(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with Processes(image, tmp_path_factory.mktemp("processes")) as processes:
        yield processes


def test_image_is_small(image: str, project: Path) -> None:
    base = f"python:{image.partition(':')[2]}-slim"
    with_project, without = json.loads(run("docker", "image", "inspect", image, base, cwd=project))
    assert with_project["Size"] - without["Size"] < 160_000_000


def test_deploy_checks_pass(processes: Processes) -> None:
    processes.once("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING")


def test_bytecode_is_precompiled(processes: Processes) -> None:
    verbose = ["run", "--rm", *processes.options, processes.image, "python", "-v", "-c", "import config.wsgi"]
    printed = subprocess.run(["docker", *verbose], check=True, capture_output=True, text=True).stderr
    loaded = re.findall(r"^# code object from '?(/(?:app|opt)/[^']+)", printed, re.MULTILINE)
    assert len(loaded) > 500
    assert [path for path in loaded if not path.endswith(".pyc")] == []


def test_migrate_web_worker_and_beat_work(processes: Processes) -> None:
    processes.once("python", "manage.py", "migrate", "--noinput")
    processes.start("web")
    celery = ["celery", "--quiet", "--app", "config.celery"]
    worker = processes.start("worker", *celery, "worker", "--queues", "critical,default,bulk", "--without-mingle")
    beat = processes.start("beat", *celery, "beat")
    eventually(lambda: processes.ask("GET", "/health/live/").ok)
    assert processes.ask("GET", "/health/ready/").json()["status"] == "ok"

    page = processes.ask("GET", "/api/docs/")
    scripts = re.findall(r'src="(/static/[^"]+\.js)"', page.text)
    assert scripts
    assert {processes.ask("GET", script).headers.get("Content-Encoding") for script in scripts} == {"gzip"}

    refused = processes.ask("POST", "/api/v1/auth/token/", json={"email": "ann@example.com"})
    assert refused.json()["errors"][0]["message"] == "Dieses Feld ist zwingend erforderlich.", "its languages are there"
    account = {"email": "ann@example.com", "password": "correct horse battery"}
    assert processes.ask("POST", "/api/v1/auth/register/", json=account).status_code == 202
    # Before the first mail, there is no file.
    mails = ["exec", worker, "sh", "-c", "cat /media/mails/* 2>/dev/null || true"]
    eventually(lambda: "verify-email?token=" in processes.docker(*mails))
    for name, container in {"worker": worker, "beat": beat}.items():
        processes.docker("exec", container, "python", "-m", "infrastructure.tasks.healthcheck", "ready", name)


def test_source_change_keeps_dependency_layers_cached(project: Path) -> None:
    with (project / "infrastructure/http/error_views.py").open("a", encoding="utf-8") as view:
        view.write("\n# changed\n")
    flags = os.environ.get("DOCKER_BUILD_FLAGS", "").split()
    command = ["docker", "build", *flags, "--progress=plain", "--file", "deploy/docker/Dockerfile", "."]
    built = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    steps = dict(re.findall(r"^#(\d+) \[(?:\w+ )*(\S+ .*)", built.stderr, re.MULTILINE))
    cached = re.findall(r"^#(\d+) CACHED$", built.stderr, re.MULTILINE)
    assert {number for number, step in steps.items() if "RUN" in step and "compileall" not in step} <= set(cached)
    assert any("uv sync" in steps[number] for number in cached), built.stderr
