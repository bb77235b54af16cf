import pytest
from django.core.checks import run_checks
from pytest_django import Settings


@pytest.mark.parametrize(
    ("setting", "variable"),
    [
        ("REALTIME_MESSAGES_PER_MINUTE", "REALTIME_MESSAGES_PER_MINUTE"),
        ("REALTIME_SOCKETS_PER_USER", "REALTIME_SOCKETS_PER_USER"),
        ("REALTIME_THREADS", "WEB_THREADS"),
    ],
)
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_that_lets_nobody_through_is_found(
    settings: Settings, setting: str, variable: str, value: int
) -> None:
    setattr(settings, setting, value)
    (error,) = run_checks()
    assert (error.id, error.msg) == ("realtime.E001", f"{variable}: it is 1 or more")


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("channels.layers.InMemoryChannelLayer", ["realtime.W001"]),
        ("channels_redis.pubsub.RedisPubSubChannelLayer", []),
    ],
)
def test_a_deployment_is_told_when_events_stay_within_a_process(
    settings: Settings, backend: str, found: list[str]
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend}}
    messages = run_checks(include_deployment_checks=True)
    assert [message.id for message in messages if (message.id or "").startswith("realtime.")] == found
