"""Days, weeks and months in the time zone of the project, also where a day has 23 or 25 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MAX_PERIODS = 366
# Earlier dates have no rows, and the first ones of the calendar are out of range in UTC.
FIRST_DAY = date(2000, 1, 1)


class Period(models.TextChoices):
    DAY = "day", _("Day")
    WEEK = "week", _("Week")
    MONTH = "month", _("Month")


DEFAULT_PERIODS = {Period.DAY: 30, Period.WEEK: 12, Period.MONTH: 12}
ONE_DAY = timedelta(days=1)


def today() -> date:
    return timezone.localdate(timezone=timezone.get_default_timezone())


def midnight(day: date) -> datetime:
    """Return the beginning of a day, which is not always 24 hours after that of the day before."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


def period_start(period: str, day: date) -> date:
    """Return the first day of the period that contains a day; weeks begin on Monday."""
    if period == Period.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == Period.MONTH else day


def period_after(period: str, start: date) -> date:
    """Return the first day of the following period."""
    return period_start(
        period, start + timedelta(days={Period.DAY: 1, Period.WEEK: 7}.get(Period(period), 31))
    )


@dataclass(frozen=True)
class Span:
    """Consecutive periods. `start` is the first day of the first one, `end` the day after the last one."""

    period: str
    start: date
    end: date

    @cached_property
    def days(self) -> list[date]:
        """Return the first day of each period."""
        days = [self.start]
        while (following := period_after(self.period, days[-1])) < self.end:
            days.append(following)
        return days

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Return the first moment, and the one after the last."""
        return midnight(self.start), midnight(self.end)


def span_of(period: str = Period.DAY, start: date | None = None, end: date | None = None) -> Span:
    """Return the periods from that of the day `start` to that of the day `end`, without future ones.

    Raises:
        ValidationError: `start` is after `end`, or there are more than `MAX_PERIODS`.
    """
    last = max(min(end or today(), today()), FIRST_DAY)
    first = max(start or _default_start(period, last), FIRST_DAY)
    if first > last:
        raise ValidationError({"start": ValidationError(_("The start is after the end."), code="after_end")})
    span = Span(period, period_start(period, first), period_after(period, period_start(period, last)))
    if len(span.days) > MAX_PERIODS:
        message = _("Choose at most %(max)d periods.")
        error = ValidationError(message, code="too_many", params={"max": MAX_PERIODS})
        raise ValidationError({"start": error})
    return span


def _default_start(period: str, last: date) -> date:
    day = period_start(period, last)
    for _number in range(DEFAULT_PERIODS[Period(period)] - 1):
        day = period_start(period, day - ONE_DAY)
    return day
