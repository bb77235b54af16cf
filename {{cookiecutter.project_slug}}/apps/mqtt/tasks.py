"""Tasks for messages whose processing would delay the messages behind them."""

from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from apps.core.exceptions import UnavailableError
from apps.mqtt.handlers import message_announce
from apps.mqtt.models import Message
from config.celery import app


@app.task(autoretry_for=(Message.DoesNotExist,), max_retries=5, retry_backoff=1, retry_backoff_max=30)
def message_process(*, key: str) -> None:
    """Send the signal `message_received`.

    Raises:
        Message.DoesNotExist: the transaction of the bridge is not committed, or was rolled back.
    """
    message = Message.objects.select_related("device__owner").get(pk=key)
    with transaction.atomic():
        message_announce(message)


def message_queue(message: Message) -> None:
    """Queue `message_process`; a handler.

    The task is queued before the commit: after it, a failure would lose the task, as the message counts as
    received.

    Raises:
        UnavailableError: the task broker is unavailable; the message will be received again.
    """
    try:
        message_process.apply_async(kwargs={"key": str(message.pk)}, countdown=1)
    except BrokerError as error:
        raise UnavailableError from error
