"""Periodic emails, accounts, admin, seed data."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import NoReturn

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.shop.exceptions import PaymentRefused
from apps.shop.models import Cart, Category, Coupon, Order, Product, Variant
from apps.shop.services.carts import coupon_set, item_set
from apps.shop.services.mails import cart_mail_build, order_mail_build
from apps.shop.services.refunds import order_refund, order_return
from apps.shop.services.states import order_ship, stock_add
from apps.shop.tests.conftest import StubProvider
from apps.shop.tests.factories import (
    ADDRESS,
    CartFactory,
    CartItemFactory,
    CouponFactory,
    VariantFactory,
    order_of,
    paid_order_of,
    seed,
)
from apps.users.models import User
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import SuperuserFactory
from apps.users.tests.helpers import browser_of
from conftest import LANGUAGE

pytestmark = pytest.mark.django_db

Send = Callable[[], list[str]]


def command(name: str) -> str:
    output = StringIO()
    call_command(name, stdout=output)
    return output.getvalue().strip()


@pytest.fixture
def send(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Send:
    def run() -> list[str]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            command("send_shop_reminders")
        return [message.to[0] for message in mail.outbox]

    return run


def test_low_stock_is_reported_once_until_restocked(settings: Settings, send: Send) -> None:
    settings.SHOP_ALERT_EMAIL = "stock@example.com"
    variant = VariantFactory.create(stock=5, low_stock=5)
    VariantFactory.create(stock=6, low_stock=5)
    assert send() == ["stock@example.com"]
    assert f"{variant.sku}: 5" in mail.outbox[0].body
    assert send() == []
    stock_add({variant.pk: 1})
    assert send() == []
    Variant.objects.filter(pk=variant.pk).update(stock=0)
    assert send() == ["stock@example.com"]


def test_abandoned_cart_is_reminded_of_once(user: User, settings: Settings, send: Send) -> None:
    abandoned, empty = CartFactory.create(user=user), CartFactory.create(item=None)
    CartFactory.create()
    before = timezone.now() - timedelta(hours=25)
    Cart.objects.filter(pk__in=[abandoned.pk, empty.pk]).update(updated_at=before)
    assert send() == []
    settings.SHOP_CART_REMINDER_HOURS = 24
    assert send() == [user.email]
    assert send() == []


def test_change_of_the_items_keeps_a_concurrent_change_of_the_coupon(user: User) -> None:
    coupon = CouponFactory.create(code="TEN")
    cart = CartFactory.create(user=user)
    coupon_set(cart=Cart.objects.get(), code="TEN")
    # The cart was read before.
    item_set(cart=cart, variant_id=VariantFactory.create().pk, quantity=1)
    assert Cart.objects.get().coupon == coupon


def test_cart_is_reminded_of_after_the_longest_time(user: User, settings: Settings, send: Send) -> None:
    settings.SHOP_CART_REMINDER_HOURS = 168
    cart = CartFactory.create(user=user)
    Cart.objects.filter(pk=cart.pk).update(updated_at=timezone.now() - timedelta(hours=169))
    assert send() == [user.email]


def test_reminder_needs_items_for_sale() -> None:
    cart = CartFactory.create()
    Variant.objects.update(is_active=False)
    assert cart_mail_build(cart_id=str(cart.pk)) is None


def test_customer_gets_emails_in_the_language_of_the_account(user: User) -> None:
    user.language, user.timezone = LANGUAGE, "Asia/Tokyo"
    user.save()
    order, cart = order_of(user), CartFactory.create()
    User.objects.filter(pk=cart.user_id).update(language=LANGUAGE)
    mails = [order_mail_build(order_id=str(order.pk), template="paid"), cart_mail_build(cart_id=str(cart.pk))]
    assert [message and message.language for message in mails] == [LANGUAGE, LANGUAGE]


def test_old_anonymous_carts_are_purged(user: User) -> None:
    old = timezone.now() - timedelta(days=31)
    for cart in (CartFactory.create(user=None), CartFactory.create(user=user), CartFactory.create(user=None)):
        Cart.objects.filter(pk=cart.pk).update(updated_at=old)
    Cart.objects.create()
    assert command("purge_carts") == "2 carts removed."
    assert Cart.objects.count() == 2


def test_deleted_account_leaves_orders_without_customer(user: User) -> None:
    variant = VariantFactory.create(price=Decimal("10.00"))
    shipped = paid_order_of(user, variant)
    order_ship(order=shipped)
    paid = order_of(user, variant, key="second")
    Order.objects.filter(pk=paid.pk).update(status="paid")

    user_delete(user=user)

    assert not Cart.objects.exists()
    assert not Order.objects.exclude(user=None).exists()
    # The paid order must still be shipped.
    assert set(Order.objects.values_list("address", flat=True)) == {"", ADDRESS}
    order_ship(order=paid)
    command("reconcile_orders")
    assert set(Order.objects.values_list("address", "name", "total")) == {("", "", Decimal("10.00"))}


def test_price_with_decimals_is_rejected_in_a_currency_without(settings: Settings) -> None:
    settings.SHOP_CURRENCY = "JPY"
    variant = VariantFactory.create(price=Decimal("10.50"))
    with pytest.raises(ValidationError) as caught:
        variant.full_clean()
    assert caught.value.error_dict["price"][0].code == "fraction"


def test_tax_of_an_order_has_no_decimals_in_a_currency_without(user: User, settings: Settings) -> None:
    settings.SHOP_CURRENCY = "JPY"
    order = order_of(user, VariantFactory.create(price=Decimal(100), tax_rate=Decimal(10)))
    assert order.tax == Decimal(9)


def test_admin_finds_an_order_by_its_number(user: User) -> None:
    order = order_of(user)
    order_of(user, key="second")
    browser = browser_of(SuperuserFactory.create())
    page = browser.get(reverse("admin:shop_order_changelist"), {"q": order.number})
    assert page.context["cl"].result_count == 1


def test_admin_has_a_page_for_each_row(user: User) -> None:
    CouponFactory.create(code="TEN")
    order = paid_order_of(user, code="TEN")
    order_refund(order=order, amount=Decimal(1))
    CartItemFactory.create(cart=Cart.objects.get())
    browser = browser_of(SuperuserFactory.create())
    for model in (Category, Product, Variant, Coupon, Cart, Order):
        name = f"admin:shop_{model._meta.model_name}"  # noqa: SLF001 - documented
        assert browser.get(reverse(f"{name}_changelist")).status_code == 200
        row = model._default_manager.all()[0]  # noqa: SLF001 - documented
        assert browser.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, name


def test_admin_action_cancels_orders_and_reports_others(user: User) -> None:
    variant = VariantFactory.create()
    order, shipped = paid_order_of(user, variant), order_of(user, variant, key="second")
    Order.objects.filter(pk=shipped.pk).update(status="shipped")
    browser = browser_of(SuperuserFactory.create())
    data = {"action": "cancel", "_selected_action": [str(order.pk), str(shipped.pk)]}
    page = browser.post(reverse("admin:shop_order_changelist"), data, follow=True)
    assert "Changed: 1." in page.text
    assert "payment provider: 1." in page.text
    order.refresh_from_db()
    assert order.status == "canceled"


def test_admin_action_takes_back_all_items_that_are_left(user: User) -> None:
    variant = VariantFactory.create(stock=10)
    order = paid_order_of(user, variant, quantity=3)
    order_ship(order=order)
    order_return(order=order, quantities={order.lines.get().pk: 1})
    browser = browser_of(SuperuserFactory.create())
    data = {"action": "return_all", "_selected_action": [str(order.pk)]}
    page = browser.post(reverse("admin:shop_order_changelist"), data, follow=True)
    assert "Changed: 1." in page.text
    order.refresh_from_db()
    variant.refresh_from_db()
    assert (order.status, order.refunded, variant.stock) == ("refunded", order.total, 10)


def test_admin_saves_coupon_codes_in_upper_case(user: User) -> None:
    browser = browser_of(SuperuserFactory.create())
    data = {"code": "spring", "kind": "percent", "value": "10"}
    data |= {"valid_from_0": "2026-01-01", "valid_from_1": "00:00"}
    assert browser.post(reverse("admin:shop_coupon_add"), data).status_code == 302
    assert Coupon.objects.get().code == "SPRING"
    page = browser.post(reverse("admin:shop_coupon_add"), data)
    assert "Coupon with this Code already exists." in page.text


def test_admin_saves_a_product_without_its_variants(user: User) -> None:
    variant = VariantFactory.create(name="Medium")
    url = reverse("admin:shop_product_change", args=[variant.product.pk])
    browser = browser_of(SuperuserFactory.create())
    inlines = {"variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "1", "variants-0-id": str(variant.pk)}
    data = {"name": "Mug", "slug": "mug", "is_active": "on", "variants-0-name": "Large", **inlines}
    assert browser.post(url, data).status_code == 302
    variant.refresh_from_db()
    assert (variant.name, variant.product.name) == ("Medium", "Mug")


def test_admin_does_not_save_orders(user: User) -> None:
    order = order_of(user)
    url = reverse("admin:shop_order_change", args=[order.pk])
    browser = browser_of(SuperuserFactory.create())
    page = browser.get(url)
    assert order.number in page.text
    assert 'name="_save"' not in page.text
    assert browser.post(url, {}).status_code == 403


def test_admin_action_reports_a_refusal_of_the_provider(
    user: User, provider: StubProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_reference: str) -> NoReturn:
        raise PaymentRefused

    monkeypatch.setattr(provider, "cancel", refuse)
    order = order_of(user)
    Order.objects.update(payment_reference="pi_1")
    browser = browser_of(SuperuserFactory.create())
    data = {"action": "cancel", "_selected_action": [str(order.pk)]}
    page = browser.post(reverse("admin:shop_order_changelist"), data, follow=True)
    assert "payment provider: 1." in page.text


def test_admin_adds_to_the_stock_without_overwriting_sales(user: User) -> None:
    variant = VariantFactory.create(stock=10)
    browser = browser_of(SuperuserFactory.create())
    url = reverse("admin:shop_variant_change", args=[variant.pk])
    data = {
        "product": variant.product.pk,
        "sku": variant.sku,
        "name": "Large",
        "price": variant.price,
        "tax_rate": "19",
        "stock_change": "5",
        "low_stock": "5",
        "is_active": "on",
    }
    form = browser.get(url)
    assert form.status_code == 200
    order_of(user, variant, quantity=3)
    assert browser.post(url, data).status_code == 302
    variant.refresh_from_db()
    assert (variant.stock, variant.name) == (12, "Large")


def test_seed_data_is_created_once(user: User) -> None:
    rows = list(seed(user))
    assert set(Order.objects.values_list("status", flat=True)) == {"pending", "paid"}
    assert rows
    assert list(seed(user)) == []
