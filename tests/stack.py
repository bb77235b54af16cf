"""Container stack of a project, with requests through its proxy and crashes of single services."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import ssl
import subprocess
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any, Self

import pytest
import requests
from baking import bare_environment, run
from servers import eventually, free_port
from slow import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

PYTHON = "python:3.14-slim"
HOST = "localhost"
PASSWORD = "correct horse battery"  # noqa: S105 - of test users
# For tests that do not depend on the proxy.
with_one_proxy = pytest.mark.parametrize("project", ["caddy"], indirect=True)
# Content of `.env`: passwords with special characters, no rate limits, mails written to files.
SECRETS = {
    "POSTGRES_PASSWORD": "'p@ss:w/rd %&\"'",
    "REDIS_PASSWORD": "'r@d is:$w/o #%&\"'",
    "SECRET_KEY": secrets.token_hex(32),
}
OTHERS = {
    "ALLOWED_HOSTS": HOST,
    "CSRF_TRUSTED_ORIGINS": "",
    "DEFAULT_FROM_EMAIL": "no-reply@example.com",
    "DOMAIN": HOST,
    "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
    "EMAIL_FILE_PATH": "/tmp/mails",  # noqa: S108 - in a container
    "FRONTEND_URL": "https://www.example.com",
    "SHOP_PAYMENT_PROVIDER": "stripe",
    "STRIPE_SECRET_KEY": "sk_test_example",
    "STRIPE_WEBHOOK_SECRET": "whsec_example",
    "THROTTLE_ANON": "none",
    "THROTTLE_AUTH": "none",
    "THROTTLE_TOKEN": "none",
    "THROTTLE_USER": "none",
    "TLS": "internal",
}


def missing_engine() -> str:
    """Return why containers cannot be started, or an empty string."""
    if not shutil.which("docker"):
        return "there is no docker on the path"
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        answer = subprocess.run(command, check=False, capture_output=True, text=True)
        if answer.returncode:
            return f"{' '.join(command)}: {answer.stderr.strip()}"
    return ""


class Stack:
    """Production stack of a project, on free ports.

    Args:
        project: the project folder, with `uv.lock`; `.env` is written there.
        folder: the folder of certificates.
        settings: additional variables of `.env`.
    """

    def __init__(self, project: Path, folder: Path, **settings: str) -> None:
        self.project = project
        self.folder = folder
        self.name = f"stack-{secrets.token_hex(4)}"
        self.proxy = "caddy" if (project / "deploy/compose/caddy.yml").exists() else "nginx"
        self.http_port, self.https_port = free_port(), free_port()
        self.url = f"https://{HOST}:{self.https_port}"
        self.files = [project / "deploy/compose/production.yml", project / f"deploy/compose/{self.proxy}.yml"]
        self.env = bare_environment(COMPOSE_PROJECT_NAME=self.name, IMAGE="stack-of-the-tests")
        self.settings = SECRETS | OTHERS | settings
        self.changed = False
        self.session = requests.Session()
        self.session.trust_env = False  # ignore the CA bundle of the environment

    def __enter__(self) -> Self:
        ports = {"HTTP_PORT": str(self.http_port), "HTTPS_PORT": str(self.https_port)}
        self.settings |= ports | ({"TLS_FOLDER": str(self._certificates())} if self.proxy == "nginx" else {})
        self.write_env()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(self.compose("logs", "--tail", "30", "--no-color"))
        self.session.close()
        self.compose("down", "--volumes", "--timeout", "1")

    def write_env(self, **changes: str) -> None:
        """Write `.env`, with `changes` that last until the next test."""
        self.changed = bool(changes)
        lines = [f"{name}={value}\n" for name, value in (self.settings | changes).items()]
        (self.project / ".env").write_text("".join(lines), encoding="utf-8")

    def settle(self) -> None:
        """Restore the original settings if they were changed."""
        if self.changed:
            self.write_env()
            self.make("up-production")

    def make(self, *arguments: str) -> str:
        """Run `make`, which must succeed."""
        return run("make", *arguments, f"DOCKER_BUILD_FLAGS={self.build_flags}", cwd=self.project, env=self.env)

    @property
    def build_flags(self) -> str:
        """Return the build flags required on this machine."""
        return os.environ.get("DOCKER_BUILD_FLAGS", "")

    def up(self) -> None:
        """Build and start the stack, and trust its certificates."""
        self.make("image")
        self.make("up-production")
        self.trust()

    def trust(self) -> None:
        """Trust the current certificates."""
        certificates = self.folder / "fullchain.pem"
        if self.proxy == "caddy":
            root = self.compose("exec", "-T", "proxy", "cat", "/data/caddy/pki/authorities/local/root.crt")
            certificates.write_text(root, encoding="utf-8")
        self.session.verify = str(certificates)

    def compose(self, *arguments: str, typed: str = "") -> str:
        """Run `docker compose`, which must succeed, and return its output."""
        files = [part for file in self.files for part in ("--file", str(file))]
        command = ["docker", "compose", "--env-file", ".env", *files, *arguments]
        return run(*command, cwd=self.project, env=self.env, typed=typed)

    def containers(self, service: str) -> list[str]:
        """Return the IDs of the running containers of a service."""
        return self.compose("ps", "--quiet", service).split()

    def inspect(self, container: str) -> dict[str, Any]:
        """Return the output of `docker inspect` for a container."""
        found: dict[str, Any] = json.loads(run("docker", "inspect", container, cwd=self.project))[0]
        return found

    def crash(self, service: str) -> None:
        """Kill the main process of a service. After `docker kill`, the engine would not restart it."""
        container = self.containers(service)[0]
        state = self.inspect(container)["State"]
        kill = ("python", "-c", f"import os; os.kill({state['Pid']}, 9)")
        run("docker", "run", "--rm", "--pid=host", PYTHON, *kill, cwd=self.project)
        eventually(lambda: self.inspect(container)["State"]["StartedAt"] != state["StartedAt"])

    def healthy(self, service: str) -> bool:
        """Return whether all containers of a service are healthy."""
        states = [self.inspect(container)["State"] for container in self.containers(service)]
        return bool(states) and all(state.get("Health", {}).get("Status") == "healthy" for state in states)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request through the proxy, with certificate verification and without following redirects."""
        return self.session.request(method, f"{self.url}{path}", timeout=60, allow_redirects=False, **more)

    def log_in(self, address: str) -> dict[str, str]:
        """Register and log in a user, and return the authentication header."""
        account = {"email": address, "password": PASSWORD}
        assert self.ask("POST", "/api/v1/auth/register/", json=account).ok
        self.sql(f"UPDATE users_user SET email_verified_at = now() WHERE email = '{address}'")  # noqa: S608 - no user input
        return {"Authorization": f"Bearer {self.ask('POST', '/api/v1/auth/token/', json=account).json()['access']}"}

    @contextmanager
    def connection(self) -> Iterator[ssl.SSLSocket]:
        """Connect to the proxy, for requests that HTTP libraries cannot send."""
        with self.connect() as secure:
            yield secure

    def connect(self) -> ssl.SSLSocket:
        """Open a connection to the proxy, with certificate verification."""
        context = ssl.create_default_context(cafile=str(self.session.verify))
        return context.wrap_socket(connect("127.0.0.1", self.https_port), server_hostname=HOST)

    def ready(self) -> bool:
        """Return whether a server is ready, bypassing the proxy."""
        code = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8000/health/ready/').status)"
        try:
            return self.compose("exec", "-T", "web", "python", "-c", code).strip() == "200"
        except AssertionError:
            return False

    def begin_body(self, length: int) -> tuple[int, str]:
        """Send request headers without the body, and return status and type of the problem."""
        head = (
            f"POST /api/v1/files/ HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Content-Length: {length}\r\n\r\n"
        )
        with self.connection() as proxy:
            proxy.sendall(head.encode())
            answer = HTTPResponse(proxy)
            answer.begin()
            return answer.status, json.loads(answer.read())["type"]

    def mails(self) -> str:
        """Return all sent mails of all containers."""
        ids = run(
            "docker", "ps", "--quiet", "--filter", f"label=com.docker.compose.project={self.name}", cwd=self.project
        )
        read = ("sh", "-c", "cat /tmp/mails/* 2>/dev/null || true")
        return "".join(run("docker", "exec", container, *read, cwd=self.project) for container in ids.split())

    def sql(self, statement: str) -> str:
        """Execute a statement and return the single value of its result."""
        psql = 'psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --no-align --tuples-only --quiet'
        return self.compose("exec", "-T", "db", "sh", "-c", psql, typed=statement).strip()

    def _certificates(self) -> Path:
        run(
            *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
            *["-addext", "subjectAltName=DNS:localhost", "-keyout", "privkey.pem", "-out", "fullchain.pem"],
            cwd=self.folder,
        )
        return self.folder
