"""Creation of accounts for the load test, and query counts of each step: `python -m load.prepare ACCOUNTS`.

Needs the settings of the server. With 0, it only deletes the accounts of the previous run.
"""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import django

from config.env import BASE_DIR
from load.journey import LOG_IN, LOG_OUT, MEMBER, STAFF, Account, Step

FILE = BASE_DIR / "load" / "prepared.json"
DOMAIN = "load.invalid"  # receives no mail, https://www.rfc-editor.org/rfc/rfc6761#section-6.4
WRITES_AND_READS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def delete_accounts() -> None:
    from apps.users.models import User  # noqa: PLC0415 - after django.setup()

    User.objects.filter(email__endswith=f"@{DOMAIN}").delete()


def make_accounts(kind: str, number: int) -> list[Account]:
    """Create accounts (`member` or `staff`) with a common random password."""
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415 - after django.setup()
    from django.contrib.auth.models import Permission  # noqa: PLC0415 - as above
    from django.utils import timezone  # noqa: PLC0415 - as above

    from apps.users.models import User  # noqa: PLC0415 - as above

    password = secrets.token_urlsafe(16)
    hashed, now = make_password(password), timezone.now()
    emails = [f"{kind}-load-{index}@{DOMAIN}" for index in range(number)]
    users = User.objects.bulk_create(
        User(email=email, password=hashed, email_verified_at=now, is_staff=kind == "staff")
        for email in emails
    )
    if kind == "staff":
        Permission.objects.get(codename="view_user").user_set.add(*users)  # type: ignore[attr-defined] # added by Django
    return [Account(email, password) for email in emails]


def count_queries(account: Account, steps: list[Step]) -> Iterator[tuple[str, int]]:
    """Log in, send the request of each step and log out; yield the name and the query count of each.

    Raises:
        RuntimeError: a request failed.
    """
    from django.conf import settings  # noqa: PLC0415 - after django.setup()
    from django.db import connection  # noqa: PLC0415 - as above
    from django.test import Client  # noqa: PLC0415 - as above
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 - as above

    client = Client(headers={"host": settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost"})
    for step in [LOG_IN, *steps, LOG_OUT]:
        headers = {"authorization": f"Bearer {account.access}"} if account.access else {}
        extra: dict[str, Any] = {"secure": True, "headers": headers, "content_type": "application/json"}
        with CaptureQueriesContext(connection) as queries:
            response = client.generic(step.method, step.url, json.dumps(step.body_of(account) or {}), **extra)
        if response.status_code >= 300:  # noqa: PLR2004 - redirects and errors
            raise RuntimeError(f"{step.name}: {response.status_code} {response.content.decode()}")
        if step.body and response.content:
            answer = response.json()
            account.access = answer.get("access", account.access)
            account.refresh = answer.get("refresh", account.refresh)
        yield step.name, sum(query["sql"].startswith(WRITES_AND_READS) for query in queries)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    django.setup()
    delete_accounts()
    FILE.unlink(missing_ok=True)
    if not (number := int(sys.argv[1])):
        return
    accounts = {kind: make_accounts(kind, number + 1) for kind in ("member", "staff")}
    queries = dict(count_queries(accounts["member"].pop(), MEMBER))
    queries |= dict(count_queries(accounts["staff"].pop(), STAFF))
    prepared = {kind: [asdict(account) for account in made] for kind, made in accounts.items()}
    with os.fdopen(os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(prepared | {"queries": queries}, file)


if __name__ == "__main__":
    main()
