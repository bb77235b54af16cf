from collections.abc import Iterator
from datetime import timedelta
from random import Random

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.reports.models import Event
from apps.users.models import User

SAMPLE_DAYS = 60


class EventFactory(DjangoModelFactory[Event]):
    class Meta:
        model = Event

    name = "page_view"
    properties = factory.LazyFunction(lambda: {"page": "pricing"})


def seed(account: User) -> Iterator[Event]:
    """Create sample events of two months for `make seed`."""
    if Event.objects.filter(name="page_view").exists():
        return
    random = Random(0)  # noqa: S311 - sample data
    now = timezone.now()
    for day in range(SAMPLE_DAYS):
        for number in range(random.randint(1, 6)):
            created_at = now - timedelta(days=day, minutes=number)
            yield EventFactory.create(created_at=created_at)
            if number % 2 == 0:
                via = random.choice(["api", "api", "admin"])
                yield EventFactory.create(name="login", properties={"via": via}, created_at=created_at)
