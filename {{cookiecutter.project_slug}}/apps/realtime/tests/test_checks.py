import pytest
from django.core.checks import run_checks
from pytest_django import Settings


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("channels.layers.InMemoryChannelLayer", ["realtime.W001"]),
        ("channels_redis.pubsub.RedisPubSubChannelLayer", []),
    ],
)
def test_deploy_check_warns_about_in_memory_channel_layer(
    settings: Settings, backend: str, found: list[str]
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend}}
    messages = run_checks(include_deployment_checks=True)
    assert [message.id for message in messages if (message.id or "").startswith("realtime.")] == found
