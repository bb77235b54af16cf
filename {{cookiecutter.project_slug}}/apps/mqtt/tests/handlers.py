"""Handlers of the tests."""

from apps.mqtt.models import Message

handled: list[str] = []
errors: list[Exception] = []


def record(message: Message) -> None:
    """Record a message, or fail with the next error."""
    if errors:
        Message.objects.filter(pk=message.pk).update(path="rolled back")
        raise errors.pop()
    handled.append(message.key)
