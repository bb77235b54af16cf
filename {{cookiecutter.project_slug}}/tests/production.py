"""Runs the project as it is served, in a process of its own: settings cannot be changed once they are read."""

import os
import subprocess
import sys
from pathlib import Path

from config.env import BASE_DIR

# All that a server must be given, as docs/settings.md says.
REQUIRED = {
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
    "ALLOWED_HOSTS": "api.example.com",
    "DATABASE_URL": "sqlite://:memory:",
    "DEFAULT_FROM_EMAIL": "no-reply@example.com",
    "FRONTEND_URL": "https://www.example.com",
    "EMAIL_HOST": "smtp.example.com",
}


def environment(**variables: str) -> dict[str, str]:
    """The variables of a process in production, some of them changed."""
    return os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.production"} | REQUIRED | variables


def run_python(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in production; a warning ends it."""
    return subprocess.run(
        # Static files are collected by a step of the deployment that the tests go without.
        [sys.executable, "-W", "error", "-W", "ignore:No directory at:UserWarning", *arguments],
        cwd=BASE_DIR,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
