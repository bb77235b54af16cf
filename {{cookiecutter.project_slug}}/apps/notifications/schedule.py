"""Times of delivery: digests and quiet hours, in the time zone of the user."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from apps.core.localization import zone_of

if TYPE_CHECKING:
    from datetime import tzinfo

    from apps.notifications.models import Schedule

DAYS_OF_WEEK = 7


def delivery_time(schedule: Schedule, now: datetime) -> datetime:
    """Return when a notification is due that is sent now: `now` if neither digest nor quiet hours apply."""
    moment, zone = now, zone_of(schedule.user.timezone)
    if schedule.digest == schedule.Digest.DAILY:
        moment = _next(now, zone, settings.NOTIFICATION_DIGEST_TIME)
    elif schedule.digest == schedule.Digest.WEEKLY:
        moment = _next(now, zone, settings.NOTIFICATION_DIGEST_TIME, settings.NOTIFICATION_DIGEST_WEEKDAY)
    return quiet_end(schedule, moment)


def quiet_end(schedule: Schedule, moment: datetime) -> datetime:
    """Return the end of the quiet hours that include a moment, else the moment."""
    start, end = schedule.quiet_from, schedule.quiet_until
    if start is None or end is None:
        return moment
    zone = zone_of(schedule.user.timezone)
    local = moment.astimezone(zone).time()
    quiet = start <= local < end if start < end else not end <= local < start
    return _next(moment, zone, end) if quiet else moment


def _next(now: datetime, zone: tzinfo, at: time, weekday: int | None = None) -> datetime:
    """Return when a clock in the zone shows this time next; 0 is Monday."""
    today = now.astimezone(zone).date()
    for days in range(DAYS_OF_WEEK + 2):
        day = today + timedelta(days=days)
        # A change of the offset repeats or skips times: the later moment is after the change in both cases.
        found = max(datetime.combine(day, at.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
        if found > now and weekday in {None, day.weekday()}:
            break
    return found
