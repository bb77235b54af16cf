"""Output of serializers compared with that of the base class."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from rest_framework import serializers

from apps.core.api.serializers import OutputSerializer
from apps.users.models import User


class Output(OutputSerializer):
    missing = serializers.CharField(source="no_such_attribute", read_only=True)
    name = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "email", "last_login", "is_verified", "password", "missing", "name", "created_at"]
        extra_kwargs = {"password": {"write_only": True}}

    def get_name(self, user: User) -> str:
        return user.first_name


@pytest.fixture
def user() -> User:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return User(email="ada@example.com", first_name="Ada", created_at=moment)


def test_output_equals_that_of_the_base_class(user: User) -> None:
    expected: dict[str, Any] = serializers.ModelSerializer.to_representation(Output(), user)
    assert Output(user).data == expected
    assert list(Output([user, user], many=True).data) == [expected, expected]


def test_output_omits_write_only_fields_and_missing_attributes(user: User) -> None:
    assert Output.represent(user).keys().isdisjoint({"password", "missing"})


def test_output_times_are_in_the_time_zone_of_the_settings(user: User) -> None:
    with timezone.override("Asia/Tokyo"):
        assert Output.represent(user)["created_at"] == serializers.DateTimeField(
            default_timezone=timezone.get_default_timezone()
        ).to_representation(user.created_at)
