"""Admin of users with all kinds of input."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from apps.users.canonical import lockout_key
from apps.users.models import RefreshSession, User
from apps.users.services.accounts import user_delete
from apps.users.tests.factories import (
    PASSWORD,
    RefreshSessionFactory,
    StaffFactory,
    SuperuserFactory,
    UserFactory,
)
from apps.users.tests.helpers import admin_log_in, get_me
from apps.users.tests.test_admin import (
    OTHER_PASSWORD,
    USERS,
    new_user,
    rows_of,
    run,
    save,
)
from conftest import Client

pytestmark = pytest.mark.django_db


NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


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
    _, response = admin_log_in("hans@bu\u0308cher.de", "pa\u0308sswo\u0308rter fu\u0308r alle")
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
    correct = [admin_log_in(user.email)[1].status_code for _ in range(4)]
    wrong = [admin_log_in("unknown@example.com", "wrong")[1].status_code for _ in range(4)]
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


# Log in


def test_staff_login_accepts_email_in_any_case() -> None:
    StaffFactory.create(email="staff@example.com")
    browser, response = admin_log_in("Staff@EXAMPLE.com")
    assert response.status_code == 302
    assert browser.get(reverse("admin:index")).status_code == 200


def test_lockout_applies_to_admin_and_api(superuser: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    statuses = [admin_log_in(superuser.email, "wrong")[1].status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert admin_log_in(superuser.email)[1].status_code == 429
    body = {"email": superuser.email, "password": PASSWORD}
    assert Client().post(reverse("v1:auth:token"), body).status_code == 429
    assert AccessAttempt.objects.count() == 1


def test_admin_login_is_throttled_like_api_login(user: User, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"auth": "3/minute"}
    with time_machine.travel(NOON, tick=False):
        statuses = [admin_log_in(f"user{number}@example.com", "wrong")[1].status_code for number in range(5)]
        other = {"REMOTE_ADDR": "192.0.2.7"}
        page = Browser().post(reverse("admin:login"), {"username": "a", "password": "b"}, **other)  # type: ignore[arg-type]
    assert statuses == [200, 200, 200, 429, 429]
    assert page.status_code == 200


def test_throttled_admin_login_checks_no_password(superuser: User, settings: Settings) -> None:
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"auth": "1/minute"}
    with time_machine.travel(NOON, tick=False):
        admin_log_in("unknown@example.com")
        browser, response = admin_log_in(superuser.email)
    assert response.status_code == 429
    assert browser.get(reverse("admin:index")).status_code == 302


def test_axes_tables_are_not_in_the_admin(root: Browser) -> None:
    assert "axes" not in root.get(reverse("admin:index")).content.decode()


def test_created_user_is_verified_and_logs_in(root: Browser, api: Client) -> None:
    root.post(reverse("admin:users_user_add"), new_user("ada@example.com"))
    user = User.objects.get(email="ada@example.com")
    assert user.is_verified
    api.login_by_token(user, OTHER_PASSWORD)


def test_password_set_in_the_admin_ends_all_sessions(root: Browser, user: User) -> None:
    pair = Client().login_by_token(user)
    url = reverse("admin:auth_user_password_change", args=[user.pk])
    body = {"usable_password": "true", "password1": OTHER_PASSWORD, "password2": OTHER_PASSWORD}
    assert root.post(url, body).status_code == 302
    assert get_me(pair.access).status_code == 401
    Client().login_by_token(user, OTHER_PASSWORD)


def test_sessions_can_be_viewed_and_deleted_but_not_changed(root: Browser, user: User) -> None:
    pair = Client().login_by_token(user)
    session = RefreshSession.objects.get()
    args = [session.pk]
    assert root.get(reverse("admin:users_refreshsession_add")).status_code == 403
    page = root.get(reverse("admin:users_refreshsession_change", args=args))
    assert page.status_code == 200
    assert session.current_jti not in page.content.decode()
    assert root.post(reverse("admin:users_refreshsession_change", args=args), {}).status_code == 403
    root.post(reverse("admin:users_refreshsession_delete", args=args), {"post": "yes"})
    refresh = Client().post(reverse("v1:auth:token-refresh"), {"refresh": pair.refresh})
    assert refresh.status_code == 401


def test_staff_do_not_promote_themselves(clerk: Callable[..., Browser]) -> None:
    browser = clerk("view", "change")
    user = User.objects.get(email="clerk@example.com")
    save(browser, user, first_name="Ada", is_superuser=True)
    user.refresh_from_db()
    assert user.first_name == "Ada"
    assert not user.is_superuser


def test_staff_with_the_permission_act_on_other_users(clerk: Callable[..., Browser]) -> None:
    superuser, *users = SuperuserFactory.create(), *UserFactory.create_batch(2)
    browser = clerk("view", "change", "delete")
    run(browser, "deactivate", [superuser, *users])
    assert set(User.objects.inactive()) == set(users)
    run(browser, "delete_selected", users, post="yes")
    assert set(User.objects.exclude(deleted_at=None)) == set(users)


def test_selected_users_are_activated(root: Browser) -> None:
    users = UserFactory.create_batch(2, is_active=False)
    other = UserFactory.create(is_active=False)
    run(root, "activate", users)
    assert list(User.objects.inactive()) == [other]


def test_sessions_are_exported_without_secrets(root: Browser) -> None:
    session = RefreshSessionFactory.create(previous_jti="b" * 32)
    body = {"action": "export_csv", "_selected_action": [str(session.pk)]}
    response = root.post(reverse("admin:users_refreshsession_changelist"), body)
    header, row = rows_of(response)
    assert header == ["id", "user_id", "device", "created_at", "last_used_at", "expires_at", "revoked_at"]
    assert row[:2] == [str(session.pk), str(session.user_id)]
    assert not {session.current_jti, session.previous_jti} & set(row)


@pytest.mark.parametrize("many", [True, False])
def test_staff_with_entries_in_the_admin_log_is_deleted(root: Browser, *, many: bool) -> None:
    staff = StaffFactory.create()
    content_type = ContentType.objects.get_for_model(User)
    entry = LogEntry.objects.create(user=staff, content_type=content_type, object_id="1", action_flag=CHANGE)

    if many:
        run(root, "delete_selected", [staff], post="yes")
    else:
        root.post(reverse("admin:users_user_delete", args=[staff.pk]), {"post": "yes"})

    assert User.objects.get(pk=staff.pk).deleted_at is not None
    assert LogEntry.objects.filter(pk=entry.pk).exists()


def test_user_with_many_sessions_can_be_changed(root: Browser) -> None:
    user = UserFactory.create()
    RefreshSessionFactory.create_batch(600, user=user)

    assert save(root, user, first_name="Ada").status_code == 302
    assert User.objects.get(pk=user.pk).first_name == "Ada"
