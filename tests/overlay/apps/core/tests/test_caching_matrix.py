"""Cached values: concurrency, failures and types."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.core.cache import cache

from apps.core.caching import cache_forget, cache_remember
from apps.core.tests.test_caching import MINUTE, NOON, Work, remember

if TYPE_CHECKING:
    from pytest_django import Settings


def test_none_is_cached() -> None:
    calls: list[None] = []
    for _ in range(2):
        assert cache_remember("nothing", lambda: calls.append(None), fresh=MINUTE, stale=MINUTE) is None
    assert len(calls) == 1


def test_concurrent_requests_wait_for_a_missing_value() -> None:
    work = Work(let_go=False)
    with ThreadPoolExecutor(8) as crowd:
        first = crowd.submit(remember, work)
        assert work.begun.wait(10)
        others = [crowd.submit(remember, work) for _ in range(7)]
        work.let_go.set()
        assert {answer.result(10) for answer in [first, *others]} == {1}


def test_stale_value_is_returned_while_it_is_recomputed() -> None:
    remember(Work())
    slow = Work(let_go=False)
    slow.done = 1
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=90)), ThreadPoolExecutor(1) as other:
        computing = other.submit(remember, slow)
        assert slow.begun.wait(10)
        assert remember(slow) == 1
        slow.let_go.set()
        assert computing.result(10) == 2
        assert remember(slow) == 2


def test_value_is_always_computed_without_a_cache(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    work = Work()
    assert [remember(work), remember(work)] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_value_invalidated_while_computing_is_not_cached() -> None:
    work = Work(let_go=False)
    with ThreadPoolExecutor(1) as other:
        computing = other.submit(remember, work)
        assert work.begun.wait(10)
        cache_forget("answer")
        work.let_go.set()
        assert computing.result(10) == 1
    assert cache.get("answer") is None


def test_value_is_the_same_computed_and_cached() -> None:
    for _ in range(2):
        assert cache_remember("pair", lambda: (1, {2: 3}), fresh=MINUTE, stale=MINUTE) == [1, {"2": 3}]  # type: ignore[comparison-overlap]


def test_value_that_is_not_json_serializable_is_rejected() -> None:
    with pytest.raises(TypeError):
        cache_remember("moment", lambda: NOON, fresh=MINUTE, stale=MINUTE)
    assert cache.get("moment") is None
