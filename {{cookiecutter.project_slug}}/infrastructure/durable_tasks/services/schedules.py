"""State of periodic tasks, and leases."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from infrastructure.durable_tasks.models import Lease, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime


@transaction.atomic
def schedule_sync(*, entries: Mapping[str, tuple[str, str]]) -> None:
    """Synchronize the rows with the settings; keep `last_run_at`, `runs` and `is_enabled`.

    Args:
        entries: task and expression by name. A new entry first runs when it is due, not immediately.
    """
    Schedule.objects.exclude(name__in=entries).delete()
    for name, (task, expression) in entries.items():
        Schedule.objects.update_or_create(name=name, defaults={"task": task, "expression": expression})


@contextmanager
def schedule_fired(*, name: str, holder: str, is_due: Callable[[datetime], bool]) -> Iterator[bool]:
    """Yield whether the block has to queue a periodic task; record the run if the block succeeds.

    The row is locked until then, so that no other process finds it due, not even one that was suspended and
    resumes with outdated state.

    Args:
        name: name of the schedule.
        holder: holder of the lease "beat"; nothing is due for a process that has lost it.
        is_due: tells for the time of the last run whether the task is due.
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
    """Acquire or renew a lease; return False while another process holds it.

    Args:
        name: name of the lease.
        holder: id of this process.
        seconds: lifetime of the lease unless it is renewed.
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
        # Another process has created it concurrently.
        return False
    return True


def lease_is_held(*, name: str, holder: str) -> bool:
    """Return whether the holder has the lease now."""
    return Lease.objects.filter(name=name, holder=holder, expires_at__gt=timezone.now()).exists()


def lease_release(*, name: str, holder: str) -> None:
    """Release the lease, so that another process can acquire it immediately."""
    Lease.objects.filter(name=name, holder=holder).delete()
