"""Admin of users with all kinds of input."""

import pytest
from axes.models import AccessAttempt
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from apps.users.canonical import lockout_key
from apps.users.models import User
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import PASSWORD, RefreshSessionFactory, StaffFactory, UserFactory
from apps.users.tests.helpers import get_me
from apps.users.tests.test_admin import USERS, browser_of, log_in, new_user, run, save
from conftest import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(superuser: User) -> Browser:
    """Return a browser that is logged in as a superuser."""
    return browser_of(superuser)


def test_admin_login_counts_towards_account_limit(superuser: User, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"account": "2/hour"}
    form = {"username": superuser.email, "password": "wrong"}
    for number in range(2):
        client = Browser(REMOTE_ADDR=f"192.0.2.{number}")
        assert client.post(reverse("admin:login"), form).status_code == 200
    form["password"] = PASSWORD
    assert Browser(REMOTE_ADDR="192.0.2.9").post(reverse("admin:login"), form).status_code == 429


def test_staff_login_accepts_other_forms_of_email_and_password() -> None:
    staff = StaffFactory.create(email="hans@xn--bcher-kva.de")
    staff.set_password("p\u00e4ssw\u00f6rter f\u00fcr alle")
    staff.save()
    _, response = log_in("hans@bu\u0308cher.de", "pa\u0308sswo\u0308rter fu\u0308r alle")
    assert response.status_code == 302


def test_search_finds_users_by_name_and_email(root: Browser) -> None:
    UserFactory.create(email="ada@example.com", first_name="Augusta", last_name="Lovelace")
    for words, count in (("lovelace", 1), ("ada@", 1), ("unknown", 0)):
        assert root.get(reverse(USERS), {"q": words}).context["cl"].result_count == count


@pytest.mark.parametrize("email", ["hans@b\u00fccher.de", "\uff48ans\uff20bu\u0308cher.de"])
def test_user_is_created_changed_and_found_with_any_form_of_email(
    root: Browser, user: User, email: str
) -> None:
    assert root.post(reverse("admin:users_user_add"), new_user(email)).status_code == 302
    assert User.objects.filter(email="hans@xn--bcher-kva.de").exists()
    assert root.get(reverse(USERS), {"q": email}).context["cl"].result_count == 1
    page = save(root, user, email=email)
    assert page.context["adminform"].form.errors.keys() == {"email"}
    assert save(root, user, email=f"1{email}").status_code == 302
    user.refresh_from_db()
    assert user.email == "1hans@xn--bcher-kva.de"


@pytest.mark.parametrize("email", ["\u00fc@example.com", "a@xn--a.de", "a@" + "\u00e9" * 80 + ".de"])
def test_user_is_not_created_with_invalid_email(root: Browser, email: str) -> None:
    page = root.post(reverse("admin:users_user_add"), new_user(email))
    assert page.status_code == 200
    assert page.context["adminform"].form.errors.keys() == {"email"}


def test_user_save_without_deactivation_keeps_sessions(root: Browser, user: User) -> None:
    pair = Client().login_by_token(user)
    assert save(root, user, last_name="Lovelace").status_code == 302
    assert get_me(pair.access).status_code == 200


@pytest.mark.parametrize("by_action", ["", "by action"])
def test_user_deletion_is_idempotent(root: Browser, user: User, by_action: str) -> None:
    user_delete(user=user)
    before = User.objects.values().get(pk=user.pk)
    if by_action:
        response = run(root, "delete_selected", [user], post="yes")
    else:
        response = root.post(reverse("admin:users_user_delete", args=[user.pk]), {"post": "yes"})
    assert response.status_code == 302
    assert User.objects.values().get(pk=user.pk) == before


def test_correct_password_of_non_staff_user_counts_as_failure(user: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    correct = [log_in(user.email)[1].status_code for _ in range(4)]
    wrong = [log_in("unknown@example.com", "wrong")[1].status_code for _ in range(4)]
    assert correct == wrong == [200, 200, 429, 429]
    row = AccessAttempt.objects.get(username=lockout_key(None, {"username": user.email}))
    assert row.failures_since_start == 3


@pytest.mark.parametrize("name", ["user", "refreshsession"])
def test_list_query_count_is_constant(
    root: Browser, django_assert_num_queries: DjangoAssertNumQueries, name: str
) -> None:
    url = reverse(f"admin:users_{name}_changelist")
    RefreshSessionFactory.create_batch(2)
    with CaptureQueriesContext(connection) as short:
        root.get(url)
    RefreshSessionFactory.create_batch(20)
    with django_assert_num_queries(len(short)):
        response = root.get(url)
    assert response.context["cl"].result_count >= 22
