"""Load test scenario: query counts, cleanup and the table of targets."""

from dataclasses import replace

import pytest

from apps.users.models import User
from load.journey import MEMBER, STAFF, Step
from load.prepare import count_queries, delete_accounts, make_accounts
from load.report import QUERIES, Figures

FAST = Figures(requests=100, failures=0, median_ms=20, p99_ms=90, queries={"GET users/me/": 3})


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "steps"), [("member", MEMBER), ("staff", STAFF)])
def test_journey_steps_stay_within_the_query_limit(kind: str, steps: list[Step]) -> None:
    (account, *_) = make_accounts(kind, 15)
    queries = dict(count_queries(account, steps))
    assert queries.keys() >= {step.name for step in steps}
    assert {name: count for name, count in queries.items() if count >= QUERIES} == {}


@pytest.mark.django_db
def test_accounts_of_a_run_are_deleted() -> None:
    other = User.objects.create_user(email="ada@example.com")
    make_accounts("member", 2)
    delete_accounts()
    assert list(User.objects.all()) == [other]


def test_run_passes_when_all_targets_are_met() -> None:
    assert FAST.met()
    assert replace(FAST, worker_mb=100, task_seconds=0.5).met()
    assert "| memory of a worker process, at most | < 256 MB | not measured | - |" in FAST.table()


@pytest.mark.parametrize(
    ("figures", "missed"),
    [
        (replace(FAST, requests=0), "| requests | > 0 | 0 | **no** |"),
        (replace(FAST, failures=1), "| failed requests | 0 | 1 | **no** |"),
        (replace(FAST, median_ms=100), "< 100 ms | 100 ms | **no** |"),
        (replace(FAST, p99_ms=501), "< 500 ms | 501 ms | **no** |"),
        (replace(FAST, queries={"GET a": 2, "GET b": 10}), "< 10 | 10 (`GET b`) | **no** |"),
        (replace(FAST, worker_mb=300), "< 256 MB | 300 MB | **no** |"),
        (replace(FAST, task_seconds=6), "< 5 s | 6.00 s | **no** |"),
    ],
)
def test_run_fails_when_a_target_is_missed(figures: Figures, missed: str) -> None:
    assert not figures.met()
    assert missed in figures.table()
