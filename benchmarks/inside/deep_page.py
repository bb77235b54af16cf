"""Script for a generated project: compares the first page of 100,100 users with the page after 100,000 rows."""

from __future__ import annotations

import statistics
import sys
from datetime import timedelta
from urllib.parse import urlsplit

import django

django.setup()

from apps.core.api.pagination import CursorPagination
from apps.users.models import User
from apps.users.services.sessions import session_create
from django.test import RequestFactory
from django.utils import timezone
from requests_per_second import caller, rate
from rest_framework.request import Request

DEPTH = 100_000
PAGE = 25
TARGET = 1.2
ROUNDS = 100
REQUESTS = 5


def main() -> int:
    """Print the table; return 0 if the target is met."""
    now = timezone.now()
    User.objects.bulk_create(
        (
            User(email=f"user{number}@example.com", password="!", created_at=now - timedelta(seconds=number))
            for number in range(DEPTH + 100)
        ),
        batch_size=5000,
    )
    admin = User.objects.create_superuser("admin@example.com")
    User.objects.filter(pk=admin.pk).update(created_at=now - timedelta(days=9))
    token = session_create(user=admin).access
    paginator = CursorPagination()
    paginator.paginate_queryset(User.objects.all(), Request(RequestFactory().get("/api/v1/users/")))
    paginator.page = [User.objects.order_by("-created_at")[DEPTH]]
    first = caller("/api/v1/users/", token)
    deep = caller(f"/api/v1/users/?{urlsplit(paginator.get_next_link()).query}", token)
    assert first().count(b'"email"') == deep().count(b'"email"') == PAGE
    ratio = statistics.median(rate(first, REQUESTS) / rate(deep, REQUESTS) for _ in range(ROUNDS))
    print(f"time of the page {DEPTH} rows deep to that of the first page: {ratio:.2f} x")
    print(f"at most {TARGET} x, median of {ROUNDS} rounds of {REQUESTS} requests, processor time")
    return 0 if ratio <= TARGET else 1


sys.exit(main())
