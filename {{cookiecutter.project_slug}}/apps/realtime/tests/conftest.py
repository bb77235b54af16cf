"""Fixtures of the tests of WebSockets and event streams."""

import pytest


@pytest.fixture(autouse=True)
def _short_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.realtime.session_monitor.INTERVAL", 0.05)
