"""Stripe provider against an HTTP client with recorded answers; no network."""

import json
import time
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest
import stripe
from pytest_django import Settings

from apps.core.exceptions import UnavailableError
from apps.shop.exceptions import InvalidEvent, PaymentInProgress, PaymentRefused
from apps.shop.money import from_minor, rounded, to_minor
from apps.shop.payments import Payment, RefundResult
from apps.shop.payments.stripe import StripeProvider

SECRET = "whsec_for_tests"
ORDER = "0d4a1f3e-7f0f-4c1c-9f0c-0a6f7f6f2a11"
REFUND_ID = "5c1f0f8e-93b5-4a6e-8d35-1f4b0a7f9b22"
INTENT: dict[str, Any] = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 2380,
    "amount_received": 0,
    "currency": "eur",
    "status": "requires_payment_method",
    "client_secret": "pi_1_secret_2",
    "metadata": {"order": ORDER},
}
PAID = INTENT | {"status": "succeeded", "amount_received": 2380}
REFUND: dict[str, Any] = {
    "id": "re_1",
    "object": "refund",
    "amount": 500,
    "status": "succeeded",
    "metadata": {"refund": REFUND_ID},
}


class RecordedAnswers(stripe.HTTPClient):
    """HTTP client that returns prepared answers and keeps the requests."""

    name = "recorded"

    def __init__(self, *answers: tuple[int, dict[str, Any]] | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[tuple[str, str, dict[str, list[str]], dict[str, str]]] = []

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_options: Any) -> Any:
        path = url.removeprefix("https://api.stripe.com/v1/")
        self.requests.append((method, path, parse_qs(post_data or ""), dict(headers)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return json.dumps(body), status, {}

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_1", SECRET


def error(kind: str, code: str = "") -> dict[str, Any]:
    return {"error": {"type": kind, "code": code, "message": "A message."}}


def signed(event: dict[str, Any], secret: str = SECRET, at: float = 0) -> tuple[bytes, str]:
    body = json.dumps(event)
    moment = int(at or time.time())
    header = stripe.WebhookSignature.generate_signature_header(body, secret, moment)
    return body.encode(), header


def event_of(kind: str, found: dict[str, Any]) -> dict[str, Any]:
    return {"id": "evt_1", "object": "event", "type": kind, "data": {"object": found}}


def test_payment_is_created_in_minor_units_with_an_idempotency_key() -> None:
    http = RecordedAnswers((200, INTENT))
    payment = StripeProvider(http).create(order_id=ORDER, amount=Decimal("23.80"), currency="EUR")
    method, path, data, headers = http.requests[0]
    assert (method, path) == ("post", "payment_intents")
    assert (data["amount"], data["currency"], data["metadata[order]"]) == (["2380"], ["eur"], [ORDER])
    assert headers["Idempotency-Key"] == f"order-{ORDER}"
    assert payment == Payment(ORDER, "pi_1", "open", Decimal("23.80"), "EUR", "pi_1_secret_2")


def test_request_is_repeated_with_the_same_key_after_an_error() -> None:
    http = RecordedAnswers((500, error("api_error")), (200, INTENT))
    StripeProvider(http).create(order_id=ORDER, amount=Decimal(1), currency="EUR")
    assert [headers["Idempotency-Key"] for *_request, headers in http.requests] == [f"order-{ORDER}"] * 2


@pytest.mark.parametrize("status", [429, 500])
def test_error_of_stripe_means_unavailable(status: int) -> None:
    http = RecordedAnswers(*[(status, error("api_error"))] * 2)
    with pytest.raises(UnavailableError):
        StripeProvider(http).fetch("pi_1")


def test_payment_that_succeeded_cannot_be_canceled() -> None:
    refused = (400, error("invalid_request_error", "payment_intent_unexpected_state"))
    http = RecordedAnswers(refused, (200, PAID))
    assert StripeProvider(http).cancel("pi_1").status == "succeeded"
    assert (
        StripeProvider(RecordedAnswers((200, INTENT | {"status": "canceled"}))).cancel("pi_1").status
        == "canceled"
    )


def test_payment_in_progress_is_not_canceled() -> None:
    refused = (400, error("invalid_request_error", "payment_intent_unexpected_state"))
    http = RecordedAnswers(refused, (200, INTENT | {"status": "processing"}))
    with pytest.raises(PaymentInProgress):
        StripeProvider(http).cancel("pi_1")


def test_refund_is_sent_with_an_idempotency_key() -> None:
    http = RecordedAnswers((200, REFUND))
    result = StripeProvider(http).refund("pi_1", refund_id=REFUND_ID, amount=Decimal(5), currency="EUR")
    _method, path, data, headers = http.requests[0]
    assert (path, data["amount"], data["payment_intent"]) == ("refunds", ["500"], ["pi_1"])
    assert headers["Idempotency-Key"] == f"refund-{REFUND_ID}"
    assert result == RefundResult(REFUND_ID, "re_1", "succeeded")


def test_refund_that_stripe_refuses_is_an_error_of_its_own() -> None:
    http = RecordedAnswers((400, error("invalid_request_error", "charge_already_refunded")))
    with pytest.raises(PaymentRefused):
        StripeProvider(http).refund("pi_1", refund_id=REFUND_ID, amount=Decimal(5), currency="EUR")


def test_event_of_a_payment_is_read() -> None:
    payment = StripeProvider(RecordedAnswers()).read_event(
        *signed(event_of("payment_intent.succeeded", PAID))
    )
    assert payment == Payment(ORDER, "pi_1", "succeeded", Decimal("23.80"), "EUR", "pi_1_secret_2")


def test_event_of_a_refund_is_read() -> None:
    failed = REFUND | {"status": "failed"}
    event = StripeProvider(RecordedAnswers()).read_event(*signed(event_of("refund.failed", failed)))
    assert event == RefundResult(REFUND_ID, "re_1", "failed")


@pytest.mark.parametrize(
    "event",
    [
        event_of("payment_intent.created", INTENT),
        event_of("payment_intent.succeeded", PAID | {"metadata": {}}),
        # Of another integration with the same account.
        event_of("payment_intent.succeeded", PAID | {"metadata": {"order": "1234"}}),
        event_of("refund.updated", REFUND | {"metadata": {"refund": "1234"}}),
        event_of("refund.updated", REFUND | {"metadata": None}),
    ],
)
def test_other_event_is_ignored(event: dict[str, Any]) -> None:
    assert StripeProvider(RecordedAnswers()).read_event(*signed(event)) is None


@pytest.mark.parametrize("fault", ["secret", "old", "body", "header"])
def test_event_with_invalid_signature_is_rejected(fault: str) -> None:
    secret = "whsec_other" if fault == "secret" else SECRET
    at = time.time() - 3600 if fault == "old" else 0
    body, header = signed(event_of("payment_intent.succeeded", PAID), secret, at)
    body = body.replace(b"2380", b"1") if fault == "body" else body
    with pytest.raises(InvalidEvent):
        StripeProvider(RecordedAnswers()).read_event(body, "" if fault == "header" else header)


def test_amount_has_no_minor_unit_in_zero_decimal_currencies(settings: Settings) -> None:
    assert to_minor(Decimal("12.34"), "EUR") == 1234
    assert to_minor(Decimal("500.00"), "JPY") == 500
    assert (from_minor(1234, "EUR"), from_minor(500, "JPY")) == (Decimal("12.34"), Decimal(500))
    with pytest.raises(ValueError, match="fraction"):
        to_minor(Decimal("12.34"), "JPY")
    assert rounded(Decimal("12.345")) == Decimal("12.35")
    settings.SHOP_CURRENCY = "JPY"
    assert rounded(Decimal("12.50")) == Decimal(13)


def test_amount_in_kronur_is_whole_but_sent_in_hundredths(settings: Settings) -> None:
    settings.SHOP_CURRENCY = "ISK"
    assert rounded(Decimal("12.50")) == Decimal(13)
    assert to_minor(Decimal(13), "ISK") == 1300
