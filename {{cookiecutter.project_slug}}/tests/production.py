"""Helpers that run the project with production settings in a separate process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings

from config.env import BASE_DIR

# All required variables, as in docs/settings.md.
REQUIRED = {
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
    "ALLOWED_HOSTS": "api.example.com",
    "DATABASE_URL": "sqlite://:memory:",
    "DEFAULT_FROM_EMAIL": "no-reply@example.com",
    "FRONTEND_URL": "https://www.example.com",
    "EMAIL_HOST": "smtp.example.com",
    **dict.fromkeys(settings.MEDIA_REQUIRED, "example"),
}
if required := getattr(settings, "SHOP_REQUIRED", ()):
    REQUIRED |= dict(zip(required, ("stripe", "sk_test_example", "whsec_example"), strict=True))
if hasattr(settings, "CELERY_BROKER_URL"):
    # In-memory broker: no test needs a worker.
    REQUIRED["CELERY_BROKER_URL"] = "memory://"
# The services in a developer's `.env` must get no errors of tests, and production rejects `LOG_SQL`.
CLEARED = {"SENTRY_DSN": "", "OTEL_EXPORTER_OTLP_ENDPOINT": "", "LOG_SQL": ""}
# Tests skip `collectstatic`.
NO_STATIC_FILES = "ignore:No directory at:UserWarning"


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a production process, with overrides."""
    production = {"DJANGO_SETTINGS_MODULE": "config.settings.production"}
    return os.environ | production | REQUIRED | CLEARED | variables


def run_python(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python with production settings; warnings are errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-W", NO_STATIC_FILES, *arguments],
        cwd=BASE_DIR,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass
class Server:
    """A gunicorn process that listens on `port` and logs to the file `output`."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    def send(
        self, method: str, path: str, body: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request as a reverse proxy does, without following redirects."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {"Host": "api.example.com", "X-Forwarded-Proto": "https"} | given
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def stop(self) -> int:
        """Send SIGTERM, as an orchestrator does; returns the exit status."""
        self.process.terminate()
        return self.process.wait(60)


@contextmanager
def served(folder: Path, **variables: str) -> Iterator[Server]:
    """Start gunicorn with production settings on a free port."""
    output = folder / "output"
    # Rate limits that are counted in a shared Redis would apply to the next test run, too.
    defaults = {
        "WEB_BIND": "127.0.0.1:0",
        "WEB_CONCURRENCY": "1",
        "REDIS_URL": "",
        "PYTHONWARNINGS": NO_STATIC_FILES,
    }
    env = environment(**defaults | variables)
    command = [sys.executable, "-m", "gunicorn"]
    with output.open("wb") as file:
        # A process group of its own: workers of uvicorn survive a killed parent.
        process = subprocess.Popen(
            command, cwd=BASE_DIR, env=env, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield Server(process, _wait_for_port(process, output), output)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)


def _wait_for_port(process: subprocess.Popen[bytes], output: Path) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if match := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", output.read_text(encoding="utf-8")):
            return int(match[1])
        time.sleep(0.02)
    raise AssertionError(output.read_text(encoding="utf-8"))
