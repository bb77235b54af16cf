"""Generated project for the benchmarks, with its environment, in `build/benchmarks/`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from bake import ROOT, export

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "build" / "benchmarks"
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "ALLOWED_HOSTS": "testserver",
    "CELERY_BROKER_URL": "memory://",
    "DATABASE_URL": f"sqlite:///{FOLDER / 'measured.sqlite3'}",
    "DEFAULT_FROM_EMAIL": "no-reply@example.com",
    "EMAIL_HOST": "smtp.example.com",
    "FRONTEND_URL": "https://www.example.com",
    "SECRET_KEY": "only-for-the-benchmark-0123456789-abcdefghijklmnopqrstuvwxyz",
    # Rate limits are enabled, but too high to be reached.
    "THROTTLE_USER": "100000000/minute,100000000/day",
}


def project(*answers: str) -> Path:
    """Generate a project from the working tree with `answers`, install it, and return its folder."""
    template, target = FOLDER / "template", FOLDER / "my_api"
    shutil.rmtree(template, ignore_errors=True)
    export(template)
    command = [sys.executable, "-m", "cookiecutter", "--no-input", "--default-config", "-f"]
    command += ["-o", str(FOLDER), str(template), *answers]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["make", "--silent", "setup"], cwd=target, check=True)
    return target


def run_inside(script: str, *answers: str, **extra: str) -> int:
    """Run `benchmarks/inside/<script>` with the Python and production settings of the project, on a new database.

    `answers` are those of the project, `extra` variables override those of `PRODUCTION`.

    Returns:
        The exit status.
    """
    folder = project(*answers)
    for file in FOLDER.glob("measured.sqlite3*"):
        file.unlink()
    python = str(folder / ".venv" / "bin" / "python")
    environment = {**os.environ, **PRODUCTION, "PYTHONPATH": str(folder), **extra}
    subprocess.run([python, "manage.py", "migrate", "--verbosity", "0"], cwd=folder, env=environment, check=True)
    static = [python, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(static, cwd=folder, env=environment, check=True)
    inside = ROOT / "benchmarks" / "inside" / script
    # Logs are written as in production, but discarded.
    return subprocess.run(
        [python, str(inside)],
        cwd=folder,
        env=environment,
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode
