"""Time zones that do not exist."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.core.localization import validate_time_zone, zone_of


@pytest.mark.parametrize(
    "name", ["Berlin", "europe/berlin", "Europe", "../etc/passwd", "/etc/localtime", "a\0b"]
)
def test_unknown_time_zone_is_rejected(name: str) -> None:
    validate_time_zone("Europe/Berlin")
    with pytest.raises(ValidationError):
        validate_time_zone(name)


def test_removed_time_zone_falls_back_to_that_of_the_project() -> None:
    assert zone_of("US/Pacific-New") == timezone.get_default_timezone()
