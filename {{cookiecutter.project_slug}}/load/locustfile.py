"""Load test: `make load`.

Uses the settings of the server, because it creates the accounts of the simulated users in its database.
https://docs.locust.io/en/stable/writing-a-locustfile.html
"""

import itertools
import os
import secrets
from typing import Any

import django
from locust import HttpUser, between, events, task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - needs the settings
from django.contrib.auth.models import Permission  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.users.models import User  # noqa: E402

# Targets in milliseconds; also, no request may fail.
MEDIAN_MS = 100
P99_MS = 500
API = "/api/v1/"
# Receives no mail. https://www.rfc-editor.org/rfc/rfc6761#section-6.4
DOMAIN = "load.invalid"
PASSWORD = secrets.token_urlsafe(16)
HASH = make_password(PASSWORD)
numbers = itertools.count(1)


class Person(HttpUser):
    """User with an account, who waits between requests."""

    abstract = True
    wait_time = between(1, 3)
    is_staff = False

    def on_start(self) -> None:
        # As set by the reverse proxy.
        self.client.headers["X-Forwarded-Proto"] = "https"
        user = User.objects.create(
            email=f"{next(numbers)}@{DOMAIN}",
            password=HASH,
            email_verified_at=timezone.now(),
            is_staff=self.is_staff,
        )
        if self.is_staff:
            user.user_permissions.add(Permission.objects.get(codename="view_user"))
        # Each simulated user would keep its own connection.
        connection.close()
        self.email = user.email
        self.log_in()

    def log_in(self) -> None:
        self.authenticate("auth/token/", email=self.email, password=PASSWORD)

    def authenticate(self, path: str, **body: str) -> None:
        self.client.headers.pop("Authorization", None)
        self.tokens = self.client.post(API + path, json=body).json()
        self.client.headers["Authorization"] = f"Bearer {self.tokens['access']}"

    @task(3)
    def refresh_token(self) -> None:
        self.authenticate("auth/token/refresh/", refresh=self.tokens["refresh"])


class Member(Person):
    weight = 9

    @task(20)
    def view_profile(self) -> None:
        self.client.get(f"{API}users/me/")

    @task(6)
    def edit_profile(self) -> None:
        self.client.patch(f"{API}users/me/", json={"first_name": "Ada", "last_name": "Lovelace"})

    @task(3)
    def verify_token(self) -> None:
        self.client.post(f"{API}auth/token/verify/", json={"token": self.tokens["access"]})

    @task(1)
    def log_out_and_in(self) -> None:
        self.client.post(f"{API}auth/logout/", json={"refresh": self.tokens["refresh"]})
        self.log_in()


class Staff(Person):
    weight = 1
    is_staff = True

    @task(3)
    def list_users(self) -> None:
        self.client.get(f"{API}users/")

    @task(1)
    def search_users(self) -> None:
        self.client.get(f"{API}users/?search=load")


@events.test_start.add_listener
@events.test_stop.add_listener
def delete_accounts(**_kwargs: Any) -> None:
    """Delete the accounts after the run, and before it if the previous one was interrupted."""
    User.objects.filter(email__endswith=f"@{DOMAIN}").delete()
    connection.close()


@events.quitting.add_listener
def check_targets(environment: Any, **_kwargs: Any) -> None:
    """Exit with status 1 if a target is missed; Locust prints the measurements."""
    total = environment.stats.total
    median, p99 = (total.get_response_time_percentile(share) or 0 for share in (0.5, 0.99))
    missed = [
        *(["no requests, or failed ones"] if total.num_failures or not total.num_requests else []),
        *([f"median {median} ms, target {MEDIAN_MS} ms"] if median > MEDIAN_MS else []),
        *([f"99th percentile {p99} ms, target {P99_MS} ms"] if p99 > P99_MS else []),
    ]
    print("\nTargets missed: " + "; ".join(missed) if missed else "\nAll targets are met.")
    environment.process_exit_code = int(bool(missed))
