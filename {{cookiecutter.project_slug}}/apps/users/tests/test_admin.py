"""Admin of users and sessions, by requests as a browser sends them."""

import csv
from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.users.models import RefreshSession, User
from apps.users.tests.factories import GroupFactory, StaffFactory, SuperuserFactory, UserFactory
from apps.users.tests.helpers import Page, admin_log_in, browser_of, get_me, stored_avatars
from apps.users.tests.images import picture, upload
from conftest import Client

pytestmark = pytest.mark.django_db

USERS = "admin:users_user_changelist"
OTHER_PASSWORD = "quite another passphrase"


def run(browser: Browser, action: str, users: Iterable[User], **more: str) -> Page:
    body = {"action": action, "_selected_action": [str(user.pk) for user in users], **more}
    return browser.post(reverse(USERS), body)


def form_of(browser: Browser, user: User) -> dict[str, Any]:
    """Return the form data of a user without changes."""
    page = browser.get(reverse("admin:users_user_change", args=[user.pk]))
    values = {field.name: field.value() for field in page.context["adminform"].form}
    verified_at = values.pop("email_verified_at")
    formsets = [inline.formset for inline in page.context["inline_admin_formsets"]]
    forms = [form for formset in formsets for form in (formset.management_form, *formset.initial_forms)]
    values |= {field.html_name: field.value() for form in forms for field in form}
    return values | {
        "email_verified_at_0": f"{verified_at:%Y-%m-%d}",
        "email_verified_at_1": f"{verified_at:%H:%M:%S}",
    }


def save(browser: Browser, user: User, **changes: Any) -> Page:
    body = form_of(browser, user) | changes
    # Browsers do not send unchecked checkboxes.
    sent = {name: value for name, value in body.items() if value is not None and value is not False}
    return browser.post(reverse("admin:users_user_change", args=[user.pk]), sent)


def new_user(email: str) -> dict[str, str]:
    """Return the form data that adds a user."""
    return {
        "email": email,
        "usable_password": "true",
        "password1": OTHER_PASSWORD,
        "password2": OTHER_PASSWORD,
    }


@pytest.mark.parametrize("fields", [{"is_staff": False}, {"is_active": False}, {"email_verified_at": None}])
def test_admin_login_requires_active_verified_staff(fields: dict[str, Any]) -> None:
    user = StaffFactory.create(**fields)
    browser, response = admin_log_in(user.email)
    assert response.status_code == 200
    assert browser.get(reverse("admin:index")).status_code == 302


def test_admin_session_ends_on_new_password_or_logout_everywhere(superuser: User, root: Browser) -> None:
    api = Client()
    api.login_by_token(superuser)
    assert root.get(reverse("admin:index")).status_code == 200
    api.post(reverse("v1:auth:logout-all"))
    assert root.get(reverse("admin:index")).status_code == 302
    again = browser_of(superuser)
    superuser.refresh_from_db()
    superuser.set_password(OTHER_PASSWORD)
    superuser.save()
    assert again.get(reverse("admin:index")).status_code == 302


# Pages


def test_user_is_created_with_email_in_any_case(root: Browser) -> None:
    body = new_user("Ada@Example.com")
    response = root.post(reverse("admin:users_user_add"), body)
    user = User.objects.get(email="ada@example.com")
    assert response.status_code == 302
    assert response["Location"] == reverse("admin:users_user_change", args=[user.pk])
    assert user.check_password(OTHER_PASSWORD)
    again = root.post(reverse("admin:users_user_add"), body)
    assert again.status_code == 200
    assert again.context["adminform"].form.errors.keys() == {"email"}


def test_user_is_changed(root: Browser, user: User) -> None:
    assert save(root, user, first_name="Ada", email="ADA@example.com").status_code == 302
    user.refresh_from_db()
    assert (user.first_name, user.email) == ("Ada", "ada@example.com")
    assert user.is_active
    assert user.is_verified
    entry = LogEntry.objects.get(object_id=str(user.pk))
    assert "First name" in entry.get_change_message()


def test_user_deactivated_in_the_form_loses_sessions_permanently(root: Browser, user: User) -> None:
    pair = Client().login_by_token(user)
    assert save(root, user, is_active=False).status_code == 302
    assert user in User.objects.inactive()
    assert save(root, user, is_active=True).status_code == 302
    assert user in User.objects.active()
    assert get_me(pair.access).status_code == 401
    assert not RefreshSession.objects.exists()


@pytest.mark.parametrize("by_action", ["", "by action"])
def test_user_deletion_anonymizes_the_account(
    root: Browser,
    user_api: Client,
    user: User,
    by_action: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    user_api.put(reverse("v1:users:avatar"), {"avatar": upload(picture())}, format="multipart")
    files = stored_avatars()

    with django_capture_on_commit_callbacks(execute=True):
        if by_action:
            run(root, "delete_selected", [user], post="yes")
        else:
            root.post(reverse("admin:users_user_delete", args=[user.pk]), {"post": "yes"})

    assert User.objects.get(pk=user.pk).deleted_at is not None
    assert len(files) - len(stored_avatars()) == 1
    stored = str([*User.objects.values(), *LogEntry.objects.values()])
    assert LogEntry.objects.filter(object_id=str(user.pk)).exists()
    assert user.email not in stored
    assert user.last_name not in stored


# Actions


def rows_of(response: Page) -> list[list[str]]:
    return list(csv.reader(StringIO(response.getvalue().decode())))


def test_selected_users_are_exported_as_csv(root: Browser) -> None:
    users = UserFactory.create_batch(3)
    UserFactory.create()
    response = run(root, "export_csv", users)
    assert response["Content-Type"] == "text/csv"
    assert response["Content-Disposition"] == 'attachment; filename="user.csv"'
    header, *rows = rows_of(response)
    columns = "id email first_name last_name language timezone is_active is_staff created_at"
    assert header == columns.split()
    expected = {(str(user.pk), user.email, user.first_name, user.last_name) for user in users}
    assert {tuple(row[:4]) for row in rows} == expected


@pytest.mark.parametrize(("action", "inactive"), [("deactivate", 3), ("end_sessions", 0)])
def test_selected_users_are_logged_out(root: Browser, action: str, inactive: int) -> None:
    users = UserFactory.create_batch(3)
    other = UserFactory.create()
    pairs = [Client().login_by_token(user) for user in users]
    others = Client().login_by_token(other)
    run(root, action, users)
    assert {get_me(pair.access).status_code for pair in pairs} == {401}
    assert get_me(others.access).status_code == 200
    assert User.objects.inactive().count() == inactive
    assert RefreshSession.objects.get().user == other


# Staff without superuser status


def test_staff_have_access_by_permissions(clerk: Callable[..., Browser], user: User) -> None:
    browser = clerk("view")
    assert browser.get(reverse(USERS)).status_code == 200
    assert browser.post(reverse("admin:users_user_change", args=[user.pk]), {}).status_code == 403
    assert browser.get(reverse("admin:users_user_add")).status_code == 403
    assert browser.get(reverse("admin:users_user_delete", args=[user.pk])).status_code == 403
    for action in ("deactivate", "end_sessions", "activate"):
        run(browser, action, [user])
    user.refresh_from_db()
    assert user.is_active
    assert user.session_epoch == 0


def test_staff_without_permissions_see_no_users(clerk: Callable[..., Browser]) -> None:
    assert clerk().get(reverse(USERS)).status_code == 403


def test_staff_change_users_but_grant_no_privileges(clerk: Callable[..., Browser], user: User) -> None:
    browser = clerk("view", "change")
    permission = Permission.objects.get(codename="delete_user", content_type__app_label="users")

    response = save(
        browser, user, first_name="Ada", is_staff=True, is_superuser=True, user_permissions=[permission.pk]
    )

    assert response.status_code == 302
    user.refresh_from_db()
    assert user.first_name == "Ada"
    assert not user.is_staff
    assert not user.is_superuser
    assert not user.user_permissions.exists()


@pytest.mark.parametrize("factory", [StaffFactory, SuperuserFactory])
def test_staff_cannot_change_other_staff(clerk: Callable[..., Browser], factory: type[UserFactory]) -> None:
    colleague = factory.create()
    pair = Client().login_by_token(colleague)
    browser = clerk("view", "change", "delete", "add")
    before = User.objects.values().get(pk=colleague.pk)

    change = reverse("admin:users_user_change", args=[colleague.pk])
    password = reverse("admin:auth_user_password_change", args=[colleague.pk])
    delete = reverse("admin:users_user_delete", args=[colleague.pk])
    passwords = {"usable_password": "true", "password1": OTHER_PASSWORD, "password2": OTHER_PASSWORD}
    assert browser.post(change, {"email": "mallory@example.com"}).status_code == 403
    assert browser.post(password, passwords).status_code == 403
    assert browser.post(delete, {"post": "yes"}).status_code == 403
    for action in ("deactivate", "end_sessions"):
        run(browser, action, [colleague])
    run(browser, "delete_selected", [colleague], post="yes")

    assert User.objects.values().get(pk=colleague.pk) == before
    assert get_me(pair.access).status_code == 200

    User.objects.filter(pk=colleague.pk).update(is_active=False)
    run(browser, "activate", [colleague])
    colleague.refresh_from_db()
    assert not colleague.is_active


def test_roles_are_managed_by_superusers_only(superuser: User) -> None:
    staff, role = StaffFactory.create(), GroupFactory.create()
    staff.user_permissions.set(Permission.objects.filter(content_type__model="group"))
    change = reverse("admin:auth_group_change", args=[role.pk])
    permission = Permission.objects.get(codename="delete_user", content_type__app_label="users")
    body = {"name": "editors", "permissions": [permission.pk]}

    browser = browser_of(staff)
    assert browser.get(change).status_code == 200
    assert browser.post(change, body).status_code == 403
    assert browser.post(reverse("admin:auth_group_add"), body).status_code == 403
    assert (
        browser.post(reverse("admin:auth_group_delete", args=[role.pk]), {"post": "yes"}).status_code == 403
    )
    assert not role.permissions.exists()

    assert browser_of(superuser).post(change, body).status_code == 302
    assert role.permissions.get() == permission
