"""Cache-aside helper: stampede protection, stale values and invalidation."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import time_machine
from django.db import transaction

from apps.core.caching import cache_forget, cache_remember

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Work:
    """Computation that counts its runs and can block until it is released."""

    def __init__(self, *, let_go: bool = True) -> None:
        self.done = 0
        self.begun = Event()
        self.let_go = Event()
        if let_go:
            self.let_go.set()

    def __call__(self) -> int:
        self.begun.set()
        assert self.let_go.wait(10)
        self.done += 1
        return self.done


def remember(work: Work) -> int:
    return cache_remember("answer", work, fresh=MINUTE, stale=MINUTE)


def test_fresh_value_is_computed_once() -> None:
    work = Work()
    assert [remember(work), remember(work)] == [1, 1]


def test_expired_value_is_recomputed() -> None:
    work = Work()
    with time_machine.travel(NOON, tick=False) as clock:
        assert remember(work) == 1
        clock.shift(61)
        assert remember(work) == 2


def test_failure_is_not_cached() -> None:
    with pytest.raises(ZeroDivisionError):
        cache_remember("answer", lambda: 1 // 0, fresh=MINUTE, stale=MINUTE)
    assert remember(Work()) == 1


@pytest.mark.django_db(transaction=True)
def test_value_is_invalidated_after_the_commit() -> None:
    work = Work()
    remember(work)
    with transaction.atomic():
        cache_forget("answer")
        assert remember(work) == 1
    assert remember(work) == 2
