from collections.abc import Iterator

import factory
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.notifications.models import DeferredNotification, Notification, Schedule
from apps.notifications.services import preference_set
from apps.users.models import User
from apps.users.tests.factories import UserFactory


class NotificationFactory(DjangoModelFactory[Notification]):
    class Meta:
        model = Notification

    user = factory.SubFactory(UserFactory)
    kind = "message"
    title = factory.Sequence(lambda number: f"Notification {number}")


class ScheduleFactory(DjangoModelFactory[Schedule]):
    class Meta:
        model = Schedule

    user = factory.SubFactory(UserFactory)


class DeferredNotificationFactory(DjangoModelFactory[DeferredNotification]):
    """A notification that is due by mail."""

    class Meta:
        model = DeferredNotification

    user = factory.SubFactory(UserFactory)
    channel = "mail"
    kind = "message"
    title = factory.Sequence(lambda number: f"Deferred {number}")
    due_at = factory.LazyFunction(timezone.now)


def seed(account: User) -> Iterator[Model]:
    """Create samples for `make seed`; `send_digests` sends a digest of two of them."""
    if not Notification.objects.filter(user=account).exists():
        for number in range(10):
            read_at = timezone.now() if number < 5 else None
            yield NotificationFactory.create(user=account, title=f"Sample {number}", read_at=read_at)
        yield ScheduleFactory.create(user=account, digest=Schedule.Digest.DAILY)
        preference_set(user=account, kind="message", mail=True)
        for notification in Notification.objects.filter(user=account, read_at=None)[:2]:
            title = notification.title
            yield DeferredNotificationFactory.create(user=account, notification=notification, title=title)
