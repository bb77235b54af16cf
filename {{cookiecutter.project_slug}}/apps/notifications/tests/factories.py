import factory
from factory.django import DjangoModelFactory

from apps.notifications.models import Notification
from apps.users.tests.factories import UserFactory


class NotificationFactory(DjangoModelFactory[Notification]):
    class Meta:
        model = Notification

    user = factory.SubFactory(UserFactory)
    kind = "message"
    title = factory.Sequence(lambda number: f"Notification {number}")
