"""Request and assertion helpers of several test modules."""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import jwt
import time_machine
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.db import connections
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from apps.users.models import User
from apps.users.tests.factories import PASSWORD
from conftest import Client

# Response type of the test clients, which only the stubs name.
if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse
    from rest_framework.response import _MonkeyPatchedResponse

    Page = _MonkeyPatchedWSGIResponse
    Response = _MonkeyPatchedResponse
else:
    Page = Response = Any


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token without verifying its signature."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def later(seconds: float) -> time_machine.travel:
    """Return a frozen clock that is some seconds ahead."""
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False)


def token_in(mail: EmailMessage) -> str:
    """Return the token in the link of an email."""
    match = re.search(r"\?token=(\S+)", str(mail.body))
    assert match, mail.body
    return match[1]


def problem_of(response: Response, status: int) -> dict[str, Any]:
    """Return the problem details of a response, after checking their common members."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["request_id"] == response["X-Request-ID"]
    return problem


def assert_unauthorized(response: Response, code: str) -> None:
    assert problem_of(response, 401)["type"] == f"urn:problem:{code}"
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def fields_of(response: Response) -> set[tuple[str, str]]:
    """Return the fields of a 400 response with their error codes."""
    return {(error["field"], error["code"]) for error in problem_of(response, 400)["errors"]}


def get_me(access: str) -> Response:
    """Request the current user with an access token."""
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client.get(reverse("v1:users:me"))


def stored_avatars() -> list[str]:
    directories, _ = default_storage.listdir("")
    return default_storage.listdir("avatars")[1] if "avatars" in directories else []


def at_once(jobs: Iterable[Callable[[], Any]]) -> list[Any]:
    """Run each job in its own thread, all started at the same moment."""
    jobs = list(jobs)
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=10)
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def admin_log_in(email: str, password: str = PASSWORD) -> tuple[Browser, Page]:
    browser = Browser()
    return browser, browser.post(reverse("admin:login"), {"username": email, "password": password})


def browser_of(user: User) -> Browser:
    browser, response = admin_log_in(user.email)
    assert response.status_code == 302, response.content
    return browser
