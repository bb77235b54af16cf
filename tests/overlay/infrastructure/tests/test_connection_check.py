"""Health checks of idle connections."""

import pytest
from django.db import connection
from django.urls import reverse

from conftest import Client
from infrastructure.database import connection_check


@pytest.mark.parametrize(("idle_seconds", "skipped"), [(600.0, True), (0.0, False)])
def test_connection_health_check_runs_only_after_idle_time(
    api: Client, db: None, monkeypatch: pytest.MonkeyPatch, idle_seconds: float, *, skipped: bool
) -> None:
    monkeypatch.setattr(connection_check, "IDLE_SECONDS", idle_seconds)
    for _ in range(2):
        api.get(reverse("health-live"))
    assert connection.health_check_done is skipped  # type: ignore[attr-defined] # not in the stubs
