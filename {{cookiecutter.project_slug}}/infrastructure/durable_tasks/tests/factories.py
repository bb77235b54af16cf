import factory
from factory.django import DjangoModelFactory

from infrastructure.durable_tasks.models import DeadLetter


class DeadLetterFactory(DjangoModelFactory[DeadLetter]):
    """Failed mail task."""

    class Meta:
        model = DeadLetter

    task_id = factory.Sequence(lambda number: f"task-{number}")
    task = "apps.core.tasks.mail_deliver"
    queue = "critical"
    reason = DeadLetter.Reason.FAILED
    error = "OSError: the mail server is unavailable"
    call = factory.LazyFunction(
        lambda: [[], {"builder": "tests.verify", "data": {"name": "ann"}, "language": "en"}]
    )
