import uuid
from collections.abc import Iterator
from datetime import timedelta

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.users.models import RefreshSession, User

PASSWORD = "a long passphrase"


class UserFactory(DjangoModelFactory[User]):
    """A verified user who can log in with `PASSWORD`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"user{number}@example.com")
    password = factory.django.Password(PASSWORD)
    # With a final period, so that no name is a substring of another.
    first_name = factory.Sequence(lambda number: f"First {number}.")
    last_name = factory.Sequence(lambda number: f"Last {number}.")
    email_verified_at = factory.LazyFunction(timezone.now)


class StaffFactory(UserFactory):
    is_staff = True


class SuperuserFactory(StaffFactory):
    is_superuser = True


class GroupFactory(DjangoModelFactory[Group]):
    class Meta:
        model = Group

    name = factory.Sequence(lambda number: f"role {number}")


class RefreshSessionFactory(DjangoModelFactory[RefreshSession]):
    """A session without an issued refresh token."""

    class Meta:
        model = RefreshSession

    class Params:
        expired = factory.Trait(
            expires_at=factory.LazyFunction(lambda: timezone.now() - timedelta(seconds=1))
        )

    user = factory.SubFactory(UserFactory)
    current_jti = factory.LazyFunction(lambda: uuid.uuid4().hex)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=14))


def seed(account: User) -> Iterator[User]:
    """Create sample users for `make seed`, who can log in with `PASSWORD`."""
    for first, last in (("Grace", "Hopper"), ("Alan", "Turing"), ("Hedy", "Lamarr"), ("Tim", "Berners-Lee")):
        email = f"{first.lower()}@example.com"
        if not User.objects.filter(email=email).exists():
            values = {"email": email, "first_name": first, "last_name": last}
            yield UserFactory.create(**values)
