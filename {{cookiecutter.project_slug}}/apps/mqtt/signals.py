"""Signals of devices for other apps."""

from django.dispatch import Signal

# Sent with `message` for messages of the kind `events`: in the bridge, or with Celery in a worker.
# Receivers must be idempotent there.
message_received = Signal()
