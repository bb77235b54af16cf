import factory
from factory.django import DjangoModelFactory

from infrastructure.tasks.models import DeadLetter


class DeadLetterFactory(DjangoModelFactory[DeadLetter]):
    """Failed mail task."""

    class Meta:
        model = DeadLetter

    task_id = factory.Sequence(lambda number: f"task-{number}")
    task = "infrastructure.tasks.tasks.mail_deliver"
    queue = "critical"
    reason = DeadLetter.Reason.FAILED
    error = "OSError: the mail server is away"
    call = factory.LazyAttribute(
        lambda letter: [
            [],
            {
                "key": f"mail-{letter.task_id}",
                "builder": "tests.verify",
                "data": {"name": "ann"},
                "language": "en",
            },
        ]
    )
