"""Script for a generated project on PostgreSQL: measures each parameter of the list of a million users."""

from __future__ import annotations

import os
import statistics
import sys
import time

import django

django.setup()

from apps.users.models import User
from apps.users.services.sessions import session_create
from django.db import connection
from requests_per_second import caller

USERS = int(os.environ["GROWTH_USERS"])
TARGET = 2.5
ROUNDS = 15
# Few users are staff, inactive or editors; every tenth user is a member.
INSERT = """
INSERT INTO users_user (id, password, email, first_name, last_name, avatar, is_staff, is_active, is_superuser,
    session_epoch, new_email, new_email_confirmed_by, created_at, updated_at)
SELECT gen_random_uuid(), '!', 'user' || n || '@example.com', 'First' || n %% 1000, 'Last' || n %% 5000, '',
    n %% 1000 = 0, n %% 1000 <> 1, false, 0, '', '', now() - n * interval '1 second', now()
FROM generate_series(1, %s) AS n;
INSERT INTO auth_group (name) VALUES ('editors'), ('members');
INSERT INTO users_user_groups (user_id, group_id)
SELECT users_user.id, auth_group.id FROM users_user, auth_group
WHERE name = 'editors' AND email LIKE '%%77@%%' AND is_active OR name = 'members' AND email LIKE '%%0@%%';
ANALYZE;
"""
QUERIES = (
    *("ordering=created_at", "ordering=email", "ordering=-email"),
    *(f"search=user{USERS - 1}", "search=user9", "search=user", "search=unknown"),
    *("is_staff=true", "is_staff=false", "is_active=true", "is_active=false"),
    *("role=editors", "role=members", "role=unknown"),
    *("created_after=2020-01-01T00:00:00Z", "created_before=2100-01-01T00:00:00Z"),
)


def main() -> int:
    """Print the table; return 0 if every query meets the target."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [USERS])
    admin = User.objects.create_superuser("admin@example.com")
    token = session_create(user=admin).access
    calls = {query: caller(f"/api/v1/users/?{query}", token) for query in ("", *QUERIES)}
    milliseconds: dict[str, list[float]] = {query: [] for query in calls}
    for turn in range(ROUNDS + 1):
        for query, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:  # the first round warms caches
                milliseconds[query].append((time.perf_counter() - start) * 1000)
    medians = {query: statistics.median(values) for query, values in milliseconds.items()}
    print(f"{USERS} users, {ROUNDS} rounds in turn, elapsed time; at most {TARGET} times the default page")
    for query, median in medians.items():
        print(f"{query or 'default page':<40}{median:>8.1f} ms{median / medians['']:>8.2f} x")
    return 0 if max(medians.values()) <= TARGET * medians[""] else 1


sys.exit(main())
