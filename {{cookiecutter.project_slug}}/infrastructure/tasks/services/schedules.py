"""When a periodic task ran last, and which beat may run it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from infrastructure.tasks.models import Lease, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime


@transaction.atomic
def schedule_sync(*, entries: Mapping[str, tuple[str, str]]) -> None:
    """Make the rows what the code says; when they ran, and what people switched off, stays.

    Args:
        entries: task and expression by name. A new one runs when its time comes, not at once.
    """
    Schedule.objects.exclude(name__in=entries).delete()
    for name, (task, expression) in entries.items():
        Schedule.objects.update_or_create(name=name, defaults={"task": task, "expression": expression})


@contextmanager
def schedule_fired(*, name: str, holder: str, is_due: Callable[[datetime], bool]) -> Iterator[bool]:
    """Say whether a periodic task is to be queued now, in the block; noted if the block ends well.

    The row is locked until then, so that nobody else can find it due, also a process that was stopped in the
    middle and does not know how late it is.

    Args:
        name: of the schedule.
        holder: of the lease on firing: who lost it fires nothing.
        is_due: says so of the time of its last run.
    """
    with transaction.atomic():
        schedule = Schedule.objects.select_for_update().filter(name=name, is_enabled=True).first()
        due = (
            schedule is not None
            and is_due(schedule.last_run_at)
            and lease_is_held(name="beat", holder=holder)
        )
        yield due
        if schedule is not None and due:
            schedule.last_run_at = timezone.now()
            schedule.runs += 1
            schedule.save(update_fields=["last_run_at", "runs"])


def lease_take(*, name: str, holder: str, seconds: int) -> bool:
    """Take or renew a lease; False while somebody else has it.

    Args:
        name: of what only one may do.
        holder: who wants it.
        seconds: after which somebody else may have it, unless it is renewed before.
    """
    now = timezone.now()
    values = {"holder": holder, "expires_at": now + timedelta(seconds=seconds)}
    if Lease.objects.filter(Q(holder=holder) | Q(expires_at__lt=now), name=name).update(**values):
        return True
    if Lease.objects.filter(name=name).exists():
        return False
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, **values)
    except IntegrityError:
        # Somebody else was faster.
        return False
    return True


def lease_is_held(*, name: str, holder: str) -> bool:
    """Whether this holder has the lease at this moment."""
    return Lease.objects.filter(name=name, holder=holder, expires_at__gt=timezone.now()).exists()


def lease_release(*, name: str, holder: str) -> None:
    """Let the next one have it at once."""
    Lease.objects.filter(name=name, holder=holder).delete()
