import pytest

from apps.core.logging import redact


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "Authorization", "HTTP_COOKIE", "refresh_token", "client_secret", "email"],
)
def test_what_nobody_should_read_is_blanked(name: str) -> None:
    event = redact(None, "info", {"event": "login", name: "s3cret"})
    assert event == {"event": "login", name: "[redacted]"}


def test_everything_else_is_left_as_it_is() -> None:
    event = {"event": "request_finished", "code": 200, "request": "GET /", "user_id": None}
    assert redact(None, "info", dict(event)) == event
