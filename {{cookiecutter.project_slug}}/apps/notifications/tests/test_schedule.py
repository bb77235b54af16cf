"""Times of digests and the end of quiet hours, in the time zone of the user."""

from datetime import UTC, datetime, time

import pytest

from apps.notifications.models import Schedule
from apps.notifications.schedule import delivery_time
from apps.users.models import User


def due(now: str, zone: str = "Europe/Berlin", **values: str | time) -> str:
    """Return the local time of the delivery."""
    schedule = Schedule(user=User(timezone=zone), **values)
    moment = delivery_time(schedule, datetime.fromisoformat(now).astimezone(UTC))
    return moment.astimezone(datetime.fromisoformat(now).tzinfo).isoformat()


@pytest.mark.parametrize(
    ("start", "end", "now", "expected"),
    [
        # Over midnight.
        ((22, 0), (7, 0), "2030-01-10T21:59+01:00", "2030-01-10T21:59:00+01:00"),
        ((22, 0), (7, 0), "2030-01-10T22:00+01:00", "2030-01-11T07:00:00+01:00"),
        ((22, 0), (7, 0), "2030-01-11T06:59+01:00", "2030-01-11T07:00:00+01:00"),
        ((22, 0), (7, 0), "2030-01-11T07:00+01:00", "2030-01-11T07:00:00+01:00"),
        # Within a day.
        ((12, 0), (14, 0), "2030-01-10T12:30+01:00", "2030-01-10T14:00:00+01:00"),
        ((12, 0), (14, 0), "2030-01-10T14:00+01:00", "2030-01-10T14:00:00+01:00"),
        ((12, 0), (14, 0), "2030-01-10T03:00+01:00", "2030-01-10T03:00:00+01:00"),
        # On 31 March 2030 clocks skip the hour from 2 to 3 o'clock.
        ((22, 0), (7, 0), "2030-03-30T23:00+01:00", "2030-03-31T06:00:00+01:00"),
        ((22, 0), (2, 30), "2030-03-31T01:45+01:00", "2030-03-31T02:30:00+01:00"),
        # On 27 October 2030 clocks repeat the hour from 2 to 3 o'clock.
        ((22, 0), (7, 0), "2030-10-26T23:00+02:00", "2030-10-27T08:00:00+02:00"),
        ((22, 0), (2, 30), "2030-10-27T01:45+02:00", "2030-10-27T03:30:00+02:00"),
        ((22, 0), (2, 30), "2030-10-27T02:10+01:00", "2030-10-27T02:30:00+01:00"),
    ],
)
def test_quiet_hours_defer_to_their_end(
    start: tuple[int, int], end: tuple[int, int], now: str, expected: str
) -> None:
    assert due(now, quiet_from=time(*start), quiet_until=time(*end)) == expected


@pytest.mark.parametrize(
    ("digest", "now", "expected"),
    [
        ("immediate", "2030-01-10T09:00+01:00", "2030-01-10T09:00:00+01:00"),
        ("daily", "2030-01-10T07:59+01:00", "2030-01-10T08:00:00+01:00"),
        ("daily", "2030-01-10T08:00+01:00", "2030-01-11T08:00:00+01:00"),
        # From Thursday, and from Monday after the digest, to Monday.
        ("weekly", "2030-01-10T09:00+01:00", "2030-01-14T08:00:00+01:00"),
        ("weekly", "2030-01-14T09:00+01:00", "2030-01-21T08:00:00+01:00"),
        ("weekly", "2030-01-14T07:00+01:00", "2030-01-14T08:00:00+01:00"),
        # Still eight o'clock on the clock of the user after the change.
        ("daily", "2030-03-30T12:00+01:00", "2030-03-31T07:00:00+01:00"),
    ],
)
def test_digest_is_due_at_local_time(digest: str, now: str, expected: str) -> None:
    assert due(now, digest=digest) == expected


def test_digest_waits_for_the_end_of_quiet_hours() -> None:
    found = due(
        "2030-01-10T09:00+09:00", "Asia/Tokyo", digest="daily", quiet_from=time(0), quiet_until=time(10)
    )
    assert found == "2030-01-11T10:00:00+09:00"


def test_time_zone_of_the_project_is_the_default(settings: object) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"  # type: ignore[attr-defined]
    assert due("2030-01-10T09:00+09:00", "", digest="daily") == "2030-01-11T08:00:00+09:00"
