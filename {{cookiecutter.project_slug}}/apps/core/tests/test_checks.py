import pytest
from django.core.checks import Error, run_checks
from pytest_django import Settings


def test_the_settings_pass_the_checks() -> None:
    assert run_checks() == []


@pytest.mark.parametrize("rate", ["60", "60/fortnight", "many/day"])
def test_a_limit_that_cannot_be_read_is_found_before_the_first_request(settings: Settings, rate: str) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"anon": f"1/second,{rate}"}
    (error,) = run_checks()
    assert isinstance(error, Error)
    assert error.id == "core.E001"
    assert error.msg.startswith(f"THROTTLE_ANON: {rate!r} is no rate")


def test_transactions_around_whole_requests_are_found(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", "yes")
    (error,) = run_checks()
    assert error.id == "core.E004"
    assert "'default'" in error.msg
