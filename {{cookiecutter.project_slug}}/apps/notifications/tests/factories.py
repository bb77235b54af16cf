from collections.abc import Iterator

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.notifications.models import Notification
from apps.users.models import User
from apps.users.tests.factories import UserFactory


class NotificationFactory(DjangoModelFactory[Notification]):
    class Meta:
        model = Notification

    user = factory.SubFactory(UserFactory)
    kind = "message"
    title = factory.Sequence(lambda number: f"Notification {number}")


def seed(account: User) -> Iterator[Notification]:
    """Create sample notifications for `make seed`; the older half is read."""
    if not Notification.objects.filter(user=account).exists():
        for number in range(10):
            read_at = timezone.now() if number < 5 else None
            yield NotificationFactory.create(user=account, title=f"Sample {number}", read_at=read_at)
