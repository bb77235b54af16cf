"""Export and import of CSV files: commands and pages of the admin."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse

from apps.users.models import User
from apps.users.tests.factories import StaffFactory, SuperuserFactory
from apps.users.tests.helpers import browser_of
from tests.sampleapp.factories import MeasurementFactory
from tests.sampleapp.models import Measurement

pytestmark = pytest.mark.django_db

MODEL = "sampleapp.Measurement"


def write(folder: Path, text: str) -> str:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return str(path)


def labels() -> list[str]:
    return list(Measurement.objects.order_by("label").values_list("label", flat=True))


def test_exported_rows_are_imported_unchanged(
    tmp_path: Path, user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    MeasurementFactory.create(label="=1;\t-x", value="-1.5", day="2026-01-31", owner=user, is_valid=False)
    MeasurementFactory.create(label='"é"\n', measured_at="2026-01-31T12:00:00.5Z")
    path = tmp_path / "rows.csv"
    call_command("export_rows", MODEL, output=path)
    call_command("import_rows", MODEL, str(path))
    assert capsys.readouterr().out == "0 new, 0 changed, 2 unchanged, 0 invalid.\n"


@pytest.mark.parametrize(("options", "expected"), [([], ["a", "b", "new"]), (["--dry-run"], ["a", "old"])])
def test_import_counts_rows_and_dry_run_saves_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], expected: list[str]
) -> None:
    same, old = MeasurementFactory.create(label="a"), MeasurementFactory.create(label="old")
    path = write(tmp_path, f"id,label\n{same.pk},a\n{old.pk},b\n,new\n")
    call_command("import_rows", MODEL, path, *options)
    assert capsys.readouterr().out.startswith("1 new, 1 changed, 1 unchanged, 0 invalid.\n")
    assert labels() == expected


def test_invalid_row_is_reported_by_line_and_column_and_prevents_the_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, 'label,value,day\n"a\nb",1.5,2026-01-31\nc,x,31.01.2026\n')
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_rows", MODEL, path)
    printed = capsys.readouterr()
    assert printed.out == "1 new, 0 changed, 0 unchanged, 1 invalid.\n"
    assert [line.partition(": ")[0] for line in printed.err.splitlines()] == ["line 4, value", "line 4, day"]
    assert labels() == []


def test_users_are_exported_without_password_and_not_imported(
    user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export_rows", "users.User")
    assert user.email in (out := capsys.readouterr().out)
    assert user.password not in out
    with pytest.raises(CommandError, match=r"There is no model users\.User"):
        call_command("import_rows", "users.User", "-")


@pytest.fixture
def browser() -> Browser:
    """Return a browser that is logged in as a superuser."""
    return browser_of(SuperuserFactory.create())


def upload(browser: Browser, text: str) -> Any:
    file = SimpleUploadedFile("rows.csv", text.encode())
    return browser.post(reverse("admin:sampleapp_measurement_import"), {"import_file": file, "format": "0"})


def confirm(browser: Browser, preview: Any) -> Any:
    values = preview.context["confirm_form"].initial
    return browser.post(reverse("admin:sampleapp_measurement_process_import"), values, follow=True)


def test_admin_imports_rows_after_a_preview(browser: Browser) -> None:
    old = MeasurementFactory.create(label="old")
    preview = upload(browser, f"\ufeffid;label\n{old.pk};changed\n;new\n")
    assert [row.import_type for row in preview.context["result"].rows] == ["update", "new"]
    assert labels() == ["old"]
    page = confirm(browser, preview)
    assert page.redirect_chain == [(reverse("admin:sampleapp_measurement_changelist"), 302)]
    assert labels() == ["changed", "new"]
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize("text", ["label,value\na,1\nb,x\n", "title\na\n", "label\n" + "a\n" * 1001])
def test_admin_shows_errors_and_offers_no_confirmation(browser: Browser, text: str) -> None:
    page = upload(browser, text)
    assert page.status_code == 200
    assert "confirm_form" not in page.context
    assert page.context["form"].errors or page.context["result"].invalid_rows


@pytest.mark.parametrize(
    "permissions", [["view"], ["view", "add"], ["view", "change"], ["view", "add", "change"]]
)
def test_admin_import_requires_permissions_to_add_and_change(permissions: list[str]) -> None:
    staff = StaffFactory.create()
    codenames = [f"{name}_measurement" for name in permissions]
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    browser = browser_of(staff)
    expected = 200 if {"add", "change"} <= set(permissions) else 403
    link = reverse("admin:sampleapp_measurement_import")
    assert browser.get(link).status_code == expected
    page = browser.get(reverse("admin:sampleapp_measurement_changelist"))
    assert (link in page.content.decode()) is (expected == 200)
