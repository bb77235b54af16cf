"""Concurrent checkouts on PostgreSQL: nothing is oversold, and no order is made twice."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
from baking import ROOT, run
from servers import HTTPS, PostgreSQL, Redis, Web, production

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.services

ADDRESS = {"name": "Ada", "address": "1 Example Street"}


class Shop:
    """Running project with a catalog."""

    def __init__(self, web: Web, project: Path, env: dict[str, str]) -> None:
        self.web = web
        self.project = project
        self.env = env | {"PYTHONPATH": str(project)}

    def create(self, *, stock: int, customers: int, limit: int = 0) -> dict[str, Any]:
        python = self.project / ".venv" / "bin" / "python"
        arguments = map(str, (ROOT / "tests" / "clients" / "shop_data.py", stock, customers, limit))
        data: dict[str, Any] = json.loads(run(python, *arguments, cwd=self.project, env=self.env))
        return data

    def check_out(self, token: str, total: str, key: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        url = f"{self.web.url}/api/v1/shop/checkout/"
        return requests.post(url, json=ADDRESS | {"total": total}, headers=HTTPS | headers, timeout=60)

    def check_out_all(self, tokens: list[str], total: str, *, key: str = "") -> list[requests.Response]:
        """Send the requests in parallel, each with its own key unless one is given."""
        with ThreadPoolExecutor(len(tokens)) as pool:
            return list(pool.map(lambda token: self.check_out(token, total, key or secrets.token_hex(8)), tokens))

    def in_stock(self, slug: str) -> bool:
        answer = requests.get(f"{self.web.url}/api/v1/shop/products/{slug}/", headers=HTTPS, timeout=30)
        found: bool = answer.json()["variants"][0]["in_stock"]
        return found


@pytest.fixture(scope="module")
def shop(
    everything: Path, tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL, redis: Redis
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    env = production(
        everything,
        DATABASE_URL=postgresql.create_database("shop_concurrency"),
        EMAIL_FILE_PATH=str(folder / "mails"),
        REDIS_URL=redis.url,
        CELERY_BROKER_URL="memory://",
    )
    with Web(everything, folder, env) as web:
        yield Shop(web, everything, env)


def test_parallel_checkouts_sell_the_last_items_once(shop: Shop) -> None:
    data = shop.create(stock=10, customers=50)
    assert data["tax"] == "1.60"
    assert shop.in_stock(data["slug"])

    answers = shop.check_out_all(data["tokens"], "9.99")

    assert Counter(answer.status_code for answer in answers) == {201: 10, 400: 40}
    refused = {error["code"] for answer in answers if answer.status_code == 400 for error in answer.json()["errors"]}
    assert refused == {"out_of_stock"}
    assert not shop.in_stock(data["slug"])


def test_parallel_checkouts_with_one_key_create_one_order(shop: Shop) -> None:
    data = shop.create(stock=10, customers=1)
    answers = shop.check_out_all(data["tokens"] * 8, "9.99", key="the same")
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 7}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_parallel_checkouts_respect_the_limit_of_a_coupon(shop: Shop) -> None:
    data = shop.create(stock=100, customers=20, limit=5)
    answers = shop.check_out_all(data["tokens"], "8.99")
    assert Counter(answer.status_code for answer in answers) == {201: 5, 409: 15}
    assert {answer.json()["cart"]["total"] for answer in answers if answer.status_code == 409} == {"9.99"}
