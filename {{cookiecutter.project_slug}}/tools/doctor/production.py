"""Production settings and system checks: of this process, or of another one with placeholders."""

import json
import os
import re
import subprocess
import sys
import tomllib
import traceback
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core import checks

from config.env import BASE_DIR

DATA = tomllib.loads(Path(__file__).with_name("items.toml").read_text(encoding="utf-8"))
PLACEHOLDERS: dict[str, str] = DATA["placeholders"]
# Variables of `.env` that would change the result.
UNSET = r"^(?:# )?(ADMIN_URL|NUM_PROXIES|(?:DATABASE|DB|EMAIL|OTEL|SENTRY|THROTTLE|WEB)_\w+)="


def current() -> dict[str, Any]:
    """Return the settings of this process, and the messages of `check --deploy` as `CHECKS`."""
    values = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
    try:
        found = [each for each in checks.run_checks(include_deployment_checks=True) if not each.is_silenced()]
        values["CHECKS"] = [f"{each.id}: {each.msg}" for each in found if each.level >= checks.WARNING]
    except Exception as error:  # noqa: BLE001 - an import of any app
        values["CHECKS"] = [reason(error)]
    return dict(json.loads(json.dumps(values, default=str, skipkeys=True)))


def start() -> subprocess.Popen[str]:
    """Start a process that prints the settings of production, with placeholders for those of the server."""
    example = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
    unset = dict.fromkeys(re.findall(UNSET, example, flags=re.MULTILINE), "")
    media = dict.fromkeys(settings.MEDIA_REQUIRED, "placeholder")
    return run("-m", "tools.doctor.production", **(unset | media | PLACEHOLDERS))


def run(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start Python in the folder of the project."""
    pipe, command = subprocess.PIPE, [sys.executable, *arguments]
    env = os.environ | variables
    return subprocess.Popen(command, cwd=BASE_DIR, env=env, stdout=pipe, stderr=pipe, text=True)  # noqa: S603


def reason(error: Exception) -> str:
    """Return the message of an error, with the last line of the project that was involved."""
    calls = [(call.filename, call.lineno) for call in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        calls.append((error.filename or "", error.lineno))
    folders = tuple(f"{BASE_DIR}/{name}/" for name in ("apps", "config", "infrastructure"))
    places = [
        f"{path.removeprefix(f'{BASE_DIR}/')}:{line} " for path, line in calls if path.startswith(folders)
    ]
    return f"{''.join(places[-1:])}{type(error).__name__}: {error}"


if __name__ == "__main__":
    try:
        django.setup()
        sys.stdout.write(json.dumps(current()))
    except Exception as error:  # noqa: BLE001 - any error of the project
        sys.exit(reason(error))
