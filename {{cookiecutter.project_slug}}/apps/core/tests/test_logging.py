import pytest

from apps.core.logging import mask_addresses, redact


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


@pytest.mark.parametrize(
    "address", ["ann@example.com", "Ann.Lee+shop@mail.example.co.uk", "a_b%c-d@ex-ample.org"]
)
def test_addresses_in_a_line_are_blanked(address: str) -> None:
    line = mask_addresses(None, "info", '{"event": "550 <A>: unknown, A"}'.replace("A", address))
    assert line == '{"event": "550 <[redacted]>: unknown, [redacted]"}'


def test_a_line_without_addresses_stays_as_it_is() -> None:
    line = '{"request": "GET /@me/", "event": "a @ b", "logger": "apps.users"}'
    assert mask_addresses(None, "info", line) == line
