"""Operation of a running stack: releases, backups, crashes."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests
from baking import run
from servers import eventually, free_port
from stack import PASSWORD, with_one_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack import Stack

pytestmark = pytest.mark.containers
# A slow task in a separate queue; tasks of a killed worker are redelivered soon.
SETTINGS = """
from config.settings.production import *

INSTALLED_APPS += ["proof"]
CELERY_TASK_QUEUES |= {"proof": {}}
CELERY_BROKER_TRANSPORT_OPTIONS |= {"visibility_timeout": 8, "unacked_restore_interval": 1}
"""
TASKS = """
import time, uuid
from infrastructure.durable_tasks.services.idempotency_keys import run_once
from config.celery import app

def note(what):
    with run_once(f"{what}-{uuid.uuid4()}"):
        pass

@app.task(queue="proof")
def work(key, seconds):
    note(f"{key}-begun")
    time.sleep(seconds)
    note(f"{key}-done")
"""


class Load:
    """Continuous registrations, each on a new connection."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.accepted: list[str] = []
        self.failed: list[str] = []
        self.stopped = threading.Event()

    def register(self, person: int) -> None:
        number = 0
        while not self.stopped.is_set():
            number += 1
            address = f"person-{person}-{number}-{id(self)}@example.com"
            account = {"email": address, "password": PASSWORD}
            try:
                with requests.Session() as session:
                    session.trust_env = False
                    session.verify = self.stack.session.verify
                    answer = session.post(f"{self.stack.url}/api/v1/auth/register/", json=account, timeout=60)
            except requests.RequestException as error:
                self.failed.append(repr(error))
                continue
            if answer.status_code == 202:
                self.accepted.append(address)
            else:
                self.failed.append(f"{answer.status_code} {answer.text[:200]}")

    def stored(self) -> int:
        """Return how many accepted registrations have an account."""
        known = set(self.stack.sql("SELECT email FROM users_user").split())
        return sum(address in known for address in self.accepted)


@contextmanager
def load(stack: Stack) -> Iterator[Load]:
    """Register users before, during and after the block."""
    load = Load(stack)
    threads = [threading.Thread(target=load.register, args=(person,)) for person in range(3)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(load.accepted) > 5)
        yield load
        before = len(load.accepted)
        eventually(lambda: len(load.accepted) > before + 5)
    except AssertionError as error:
        error.add_note(f"{len(load.accepted)} were accepted, and these were not: {load.failed[-5:]}")
        raise
    finally:
        load.stopped.set()
        for thread in threads:
            thread.join()


def make(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `make` and return the result, also on failure."""
    return subprocess.run(
        ["make", *arguments], cwd=stack.project, env=stack.env, check=False, capture_output=True, text=True
    )


def test_release_causes_no_failed_request(stack: Stack) -> None:
    view = stack.project / "infrastructure/http/error_views.py"
    before = stack.containers("web")
    with load(stack) as people:
        view.write_text(view.read_text(encoding="utf-8") + "\n# the next release\n", encoding="utf-8")
        stack.make("roll-out")
    assert people.failed == []
    assert people.stored() == len(people.accepted)
    after = stack.containers("web")
    assert len(after) == len(before)
    assert not set(after) & set(before)
    assert stack.inspect(after[0])["Image"] == image_of(stack)
    # The new containers belong to the stack: `up-production` changes nothing.
    stack.make("up-production")
    assert stack.containers("web") == after


@with_one_proxy
def test_broken_release_is_not_activated(stack: Stack) -> None:
    settings = stack.project / "config/settings/production.py"
    text = settings.read_text(encoding="utf-8")
    before = stack.containers("web")
    with load(stack) as people:
        settings.write_text(f"{text}\nSTORAGES = {{}}\n", encoding="utf-8")
        result = make(stack, "roll-out", f"DOCKER_BUILD_FLAGS={stack.build_flags}")
    settings.write_text(text, encoding="utf-8")
    assert result.returncode != 0
    assert "the old release serves" in result.stderr
    assert people.failed == []
    assert stack.containers("web") == before
    stack.make("roll-out")


def test_web_crash_loses_no_accepted_request(stack: Stack) -> None:
    crash_under_load(stack, "web")


@with_one_proxy
@pytest.mark.parametrize("service", ["worker", "redis", "db"])
def test_service_crash_loses_no_accepted_request(stack: Stack, service: str) -> None:
    crash_under_load(stack, service)


def crash_under_load(stack: Stack, service: str) -> None:
    with load(stack) as people:
        stack.crash(service)
        eventually(lambda: stack.healthy(service) and stack.ready())
    assert people.stored() == len(people.accepted)
    # Their mails are sent as well.
    eventually(lambda: sum(f"To: {address}" in stack.mails() for address in people.accepted[-3:]) == 3)


@with_one_proxy
def test_worker_finishes_task_when_stopped_and_task_is_redelivered_when_killed(stack: Stack, tmp_path: Path) -> None:
    place = tmp_path / "proof"
    (place / "proof").mkdir(parents=True)
    (place / "proof/__init__.py").touch()
    (place / "proof/tasks.py").write_text(TASKS, encoding="utf-8")
    (place / "proof_settings.py").write_text(SETTINGS, encoding="utf-8")
    place.chmod(0o755)
    proof = ["--no-deps", "--volume", f"{place}:/proof:ro", "--env", "PYTHONPATH=/proof"]
    proof += ["--env", "DJANGO_SETTINGS_MODULE=proof_settings"]
    worker = f"{stack.name}-proof"
    command = ["celery", "--quiet", "--app", "config.celery", "worker", "--queues", "proof"]
    command += ["--without-gossip", "--without-mingle"]

    def queue(key: str, seconds: int) -> None:
        code = f"import django; django.setup(); from proof.tasks import *; work.delay({key!r}, {seconds})"
        stack.compose("run", "--rm", "-T", *proof, "web", "python", "-c", code)

    def noted(key: str) -> int:
        return int(stack.sql(f"SELECT count(*) FROM durable_tasks_idempotencykey WHERE key LIKE '{key}%'"))  # noqa: S608 - no user input

    def docker(*arguments: str) -> str:
        return run("docker", *arguments, worker, cwd=stack.project)

    stack.compose("run", "--detach", "--name", worker, *proof, "worker", *command)
    try:
        queue("ended", 3)
        eventually(lambda: noted("ended-begun"))
        docker("stop")
        assert stack.inspect(worker)["State"]["ExitCode"] == 0
        assert (noted("ended-begun"), noted("ended-done")) == (1, 1)

        docker("start")
        queue("given-back", 6)
        eventually(lambda: noted("given-back-begun"))
        docker("stop", "--time", "1")
        assert stack.inspect(worker)["State"]["ExitCode"] == 137
        assert noted("given-back-done") == 0
        docker("start")
        eventually(lambda: noted("given-back-done") == 1)
        assert noted("given-back-begun") == 2
    finally:
        docker("rm", "--force")


@with_one_proxy
@pytest.mark.parametrize("key", ["", "key"])
def test_backup_restores_lost_volume(stack: Stack, tmp_path: Path, key: str) -> None:
    options = [f"FILE={tmp_path / 'backup'}"]
    if key:
        (tmp_path / key).write_text("a long passphrase", encoding="utf-8")
        options.append(f"BACKUP_KEY_FILE={tmp_path / key}")
    account = {"email": f"kept-{key}@example.com", "password": PASSWORD}
    assert stack.ask("POST", "/api/v1/auth/register/", json=account).ok
    stack.compose("exec", "-T", "web", "sh", "-c", "mkdir -p /media/kept && echo picture > /media/kept/file")
    stack.make("backup", *options)
    assert (b"picture" in (tmp_path / "backup").read_bytes()) is not bool(key)

    refused = make(stack, "restore", *options, f"DOCKER_BUILD_FLAGS={stack.build_flags}")
    assert refused.returncode != 0
    assert "There is data already" in refused.stderr

    users = stack.sql("SELECT count(*) FROM users_user")
    stack.compose("down", "--volumes", "--timeout", "5")
    stack.make("restore", *options)
    stack.trust()
    assert stack.sql("SELECT count(*) FROM users_user") == users
    assert account["email"] in stack.sql("SELECT email FROM users_user").split()
    assert stack.compose("exec", "-T", "web", "cat", "/media/kept/file") == "picture\n"
    assert stack.ready()


@with_one_proxy
def test_wrong_or_empty_secret_is_reported(stack: Stack) -> None:
    stack.compose("down", "--timeout", "5")
    for changes, explanation in [
        ({"POSTGRES_PASSWORD": "another"}, "The volume of the database was made with another POSTGRES_PASSWORD"),
        ({"POSTGRES_PASSWORD": ""}, "POSTGRES_PASSWORD, or POSTGRES_PASSWORD_FILE, has no value in .env"),
        ({"REDIS_PASSWORD": ""}, "REDIS_PASSWORD, or REDIS_PASSWORD_FILE, has no value in .env"),
        ({"SECRET_KEY": ""}, "SECRET_KEY: is required"),
    ]:
        stack.write_env(**changes)
        result = make(stack, "up-production", f"DOCKER_BUILD_FLAGS={stack.build_flags}")
        assert result.returncode != 0
        assert explanation in result.stderr
        assert stack.containers("web") == []
    stack.write_env()
    stack.make("up-production")


@with_one_proxy
def test_development_stack_serves_and_reloads_local_code(stack: Stack, tmp_path: Path) -> None:
    project = shutil.copytree(stack.project, tmp_path / "my_api")
    (project / ".env").unlink()
    port = f"PORT={free_port()}"
    url = f"http://127.0.0.1:{port.removeprefix('PORT=')}"
    env = stack.env | {"COMPOSE_PROJECT_NAME": f"{stack.name}-of-a-developer"}
    development = ["docker", "compose", "--project-name", f"{env['COMPOSE_PROJECT_NAME']}_development"]

    def compose(*arguments: str) -> str:
        return run(*development, *arguments, cwd=project)

    try:
        run("make", "up", port, f"DOCKER_BUILD_FLAGS={stack.build_flags}", cwd=project, env=env)
        assert requests.get(f"{url}/health/ready/", timeout=30).json()["status"] == "ok"
        assert "djDebug" in requests.get(f"{url}/api/docs/", timeout=30).text
        account = {"email": "ann@example.com", "password": PASSWORD}
        assert requests.post(f"{url}/api/v1/auth/register/", json=account, timeout=30).ok
        eventually(lambda: "verify-email?token=" in compose("logs", "worker"))
        compose("exec", "-T", "web", "touch", "/app/made")
        assert ((project / "made").stat().st_uid, (project / "made").stat().st_gid) == (os.getuid(), os.getgid())
        started = {"beat": "beat: Starting", "worker": " ready."}
        for service, line in started.items():
            assert compose("logs", service).count(line) == 1, service
        view = project / "infrastructure/monitoring/health.py"
        text = view.read_text(encoding="utf-8")
        view.write_text(text.replace('{"status": "ok"}', '{"status": "reloaded"}'), encoding="utf-8")
        eventually(lambda: requests.get(f"{url}/health/live/", timeout=30).json()["status"] == "reloaded")
        for service, line in started.items():
            eventually(lambda service=service, line=line: compose("logs", service).count(line) == 2)  # type: ignore[misc]
        ids = compose("ps", "--quiet").split()
        ports = [stack.inspect(container)["NetworkSettings"]["Ports"] or {} for container in ids]
        bound = {binding["HostIp"] for each in ports for bindings in each.values() for binding in bindings or []}
        assert bound == {"127.0.0.1"}
    finally:
        compose("down", "--volumes", "--timeout", "1")


def image_of(stack: Stack) -> str:
    """Return the ID of the latest image."""
    return run("docker", "image", "inspect", "--format", "{{.Id}}", stack.env["IMAGE"], cwd=stack.project).strip()
