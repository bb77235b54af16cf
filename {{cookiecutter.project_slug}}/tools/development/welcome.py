"""URLs of the development server: `python -m tools.development.welcome 127.0.0.1 8000`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import django
from django.apps import apps
from django.conf import settings

from config import project

if TYPE_CHECKING:
    from apps.users.models import User

# The account that `make seed` creates.
EMAIL = "admin@example.com"
PASSWORD = "development"  # noqa: S105 - printed, and only for development
NO_ACCOUNT = "make seed creates sample data and an account"
# Addresses that listen on all interfaces.
ALL_INTERFACES = {"0", "0.0.0.0", "[::]"}  # noqa: S104 - replaced


def main(host: str, port: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    django.setup()
    sys.stdout.write(framed(lines(f"http://{'127.0.0.1' if host in ALL_INTERFACES else host}:{port}/")))


def lines(root: str) -> list[str]:
    """Return the title and the URLs of a server, and the account for development."""
    found = {
        "API docs": f"{root}api/docs/",
        "Admin": f"{root}{settings.ADMIN_URL}",
        "Health": f"{root}health/ready/",
    }
    if apps.is_installed("tools.development"):
        found["Emails"] = f"{root}dev/emails/"
        found["Log in"] = f"{EMAIL}, password {PASSWORD}" if development_account() else NO_ACCOUNT
    return [project.TITLE, *(f"{name:10}{value}" for name, value in found.items())]


def development_account() -> User | None:
    """Return the account of `make seed`, if it exists with its password."""
    from apps.users.models import User  # noqa: PLC0415 - after the start of Django

    account = User.objects.filter(email=EMAIL, is_superuser=True).first()
    return account if account and account.check_password(PASSWORD) else None


def framed(texts: list[str]) -> str:
    """Return lines of text, in a box if the output is a terminal."""
    if not sys.stdout.isatty():
        return "".join(f"{text}\n" for text in texts)
    width = max(map(len, texts))
    rule = f"+{'-' * (width + 2)}+"
    return "\n".join([rule, *(f"| {text:{width}} |" for text in texts), rule, ""])


if __name__ == "__main__":
    main(*sys.argv[1:])
