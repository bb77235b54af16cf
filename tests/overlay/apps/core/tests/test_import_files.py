"""Files that an import reads or refuses, and values of columns."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.core.admin import csv_lines, escaped, unescaped
from apps.core.admin.imports import MAX_BYTES
from apps.core.management.commands import import_rows
from apps.core.tests.test_imports import confirm, upload
from apps.users.models import User
from apps.users.tests.factories import SuperuserFactory
from apps.users.tests.helpers import browser_of
from config.env import BASE_DIR
from tests.production import run_python
from tests.sampleapp.factories import MeasurementFactory
from tests.sampleapp.models import Measurement

pytestmark = pytest.mark.django_db

MODEL = "sampleapp.Measurement"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def run(folder: Path, content: str | bytes, **options: bool) -> None:
    path = folder / "rows.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    call_command("import_rows", MODEL, str(path), **options)


def labels() -> list[str]:
    return list(Measurement.objects.order_by("label").values_list("label", flat=True))


@pytest.mark.parametrize(
    "content",
    [
        "label,value\né,1.5\n",
        "\ufefflabel,value\né,1.5\n",
        "\ufefflabel;value\r\né;1.5\r\n",
        "label\tvalue\né\t1.5",
        '"label";"value"\n"é";"1.5"\n\n\n',
        "value, label\n1.500,é\n",
    ],
)
def test_import_reads_delimiters_byte_order_mark_and_line_ends(tmp_path: Path, content: str) -> None:
    run(tmp_path, content)
    assert [(row.label, str(row.value)) for row in Measurement.objects.all()] == [("é", "1.500")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "The submitted file is empty."),
        ("\n", "The submitted file is empty."),
        ("label,vlaue\na,1\n", "Unknown column “vlaue”. Did you mean: value?"),
        ("label,xyz\na,1\n", "Unknown column “xyz”. Did you mean: id, label,"),
        ("label,password\na,1\n", "Unknown column “password”"),
        ("label,label\na,b\n", "Column “label” occurs twice."),
        ("label,value\na,1\nb\n", r"Line 3 .*\(1 / 2\)"),
        ("label,value\na,1,2\n", r"Line 2 .*\(3 / 2\)"),
        ('label\na\n"b\nc\n', "Line 3 .*unexpected end of data"),
        ('label\n"a"b\n', "Line 2 .*expected after"),
        ("label\n" + "a" * 200_000, "Line 2 .*field larger than field limit"),
        ("label\né\n".encode("latin-1"), "The encoding of the file is not UTF-8."),
        ("label\na\n".encode("utf-16"), "The encoding of the file is not UTF-8."),
        (b"\x89PNG\r\n\x1a\n", "The encoding of the file is not UTF-8."),
    ],
)
def test_import_refuses_other_files(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(tmp_path, content)
    assert labels() == []


def test_import_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_rows", MODEL, str(tmp_path / "none.csv"))


def test_header_alone_imports_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "id,label\n")
    assert capsys.readouterr().out == "0 new, 0 changed, 0 unchanged, 0 invalid.\n"


def test_fault_after_many_rows_imports_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_rows, "CHUNK", 2)
    with pytest.raises(CommandError, match="Line 6"):
        run(tmp_path, "label,value\na,1\nb,1\nc,1\nd,1\ne\n")
    with pytest.raises(CommandError, match="Nothing was imported"):
        run(tmp_path, "label,value\na,x\nb,1\nc,1\nd,1\n")
    assert labels() == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a,,,,", ""),
        (",,,,", "label: This field cannot be blank."),
        ("a" * 101 + ",,,,", "label: Ensure this value has at most 100 characters (it has 101)."),
        ("a,1.2345,,,", "value: Ensure that there are no more than 3 decimal places."),
        ('a,"1,5",,,', "value: “1,5” value must be a decimal number."),
        ("a,NaN,,,", "value:"),
        ("a,,yes,,", "is_valid: “yes” value must be either True, False, or None."),
        ("a,,,31.12.2026,", "day: “31.12.2026” value has an invalid date format."),
        (f"a,,,,{UNKNOWN_ID}", f"owner_id: user instance with id UUID('{UNKNOWN_ID}')"),
        ("a,,,,1", "owner_id: “1” is not a valid UUID."),
    ],
)
def test_cells_are_validated_by_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str, expected: str
) -> None:
    content = f"label,value,is_valid,day,owner_id\n{row}\n"
    if not expected:
        run(tmp_path, content)
        return
    with pytest.raises(CommandError):
        run(tmp_path, content)
    assert capsys.readouterr().err.startswith(f"line 2, {expected}")


def test_primary_key_is_valid_and_unique(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = MeasurementFactory.create()
    with pytest.raises(CommandError):
        run(tmp_path, f"id,label\n{row.pk},a\n{str(row.pk).upper()},b\n1,c\n{UNKNOWN_ID},d\n{UNKNOWN_ID},e\n")
    assert capsys.readouterr().err.splitlines() == [
        "line 3, id: Please correct the duplicate data for id.",
        "line 4, id: “1” is not a valid UUID.",
        "line 6, id: Please correct the duplicate data for id.",
    ]


def test_unknown_primary_key_creates_the_row_with_it(tmp_path: Path) -> None:
    run(tmp_path, f"id,label\n{UNKNOWN_ID},a\n")
    assert str(Measurement.objects.get().pk) == UNKNOWN_ID


def test_columns_without_write_access_are_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = MeasurementFactory.create(label="a")
    run(tmp_path, f"id,label,created_at\n{row.pk},a,2000-01-01\n")
    assert capsys.readouterr().out.startswith("0 new, 0 changed, 1 unchanged")


def test_missing_columns_keep_their_value_and_empty_cells_clear_it(tmp_path: Path, user: User) -> None:
    row = MeasurementFactory.create(label="a", value=1, owner=user)
    run(tmp_path, f"id,value\n{row.pk},\n")
    row.refresh_from_db()
    assert (row.label, row.value, row.owner) == ("a", None, user)


def test_time_without_zone_is_in_the_current_zone(tmp_path: Path) -> None:
    run(tmp_path, "label,measured_at\na,2026-01-31 12:00\n")
    measured_at = Measurement.objects.get().measured_at
    assert measured_at
    assert measured_at.tzinfo


def test_errors_are_printed_up_to_a_limit_and_all_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError):
        run(tmp_path, "label,value\n" + "a,x\n" * 1200)
    printed = capsys.readouterr()
    assert printed.out == "0 new, 0 changed, 0 unchanged, 1200 invalid.\n"
    assert len(printed.err.splitlines()) == import_rows.MAX_ERRORS


@pytest.mark.usefixtures("_german")
def test_errors_are_translated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with translation.override("de"), pytest.raises(CommandError):
        run(tmp_path, "label,day\na,x\n")
    assert "Datumsformat" in capsys.readouterr().err


@pytest.fixture
def browser() -> Browser:
    return browser_of(SuperuserFactory.create())


def test_preview_is_confirmed_once(browser: Browser) -> None:
    preview = upload(browser, "label\na\n")
    confirm(browser, preview)
    page = confirm(browser, preview)
    assert page.redirect_chain == [(reverse("admin:sampleapp_measurement_import"), 302)]
    assert labels() == ["a"]


def test_preview_of_another_file_is_not_confirmed(browser: Browser) -> None:
    first = upload(browser, "label\na\n")
    second = upload(browser, "label\nb\n")
    confirm(browser, first)
    assert labels() == []
    confirm(browser, second)
    assert labels() == ["b"]


@pytest.mark.parametrize("text", ["label\n" + "a" * MAX_BYTES, "", "label\n"])
def test_admin_refuses_files_that_are_empty_or_large(browser: Browser, text: str) -> None:
    assert upload(browser, text).context["form"].errors["import_file"]


CELLS = st.text(st.sampled_from(list("=+-@'\t\r\n,;|\" \u3000x\uff1d")), max_size=8)


@given(CELLS)
def test_unescaping_restores_every_text(text: str) -> None:
    assert unescaped(escaped(text)) == text


def test_export_iterates_over_rows() -> None:
    MeasurementFactory.create_batch(3)
    lines = csv_lines(Measurement.objects.all(), ["label"])
    assert next(lines) == '"label"\r\n'
    assert len(list(lines)) == 3


def test_export_writes_selected_columns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    MeasurementFactory.create(label="é", value="1.5")
    call_command("export_rows", MODEL, "--field", "value", "--field", "label")
    assert capsys.readouterr().out == '"value","label"\r\n"1.500","é"\r\n'
    with pytest.raises(CommandError, match="Unknown column lable"):
        call_command("export_rows", MODEL, "--field", "lable")
    with pytest.raises(CommandError, match="No such file"):
        call_command("export_rows", MODEL, output=tmp_path / "none" / "rows.csv")


@pytest.mark.process
def test_processes_load_the_library_with_the_first_import_only() -> None:
    code = "import sys, django; django.setup(); import config.urls; print(*sys.modules)"
    process = run_python("-c", code)
    assert "apps.users.admin" in process.stdout.split(), process.stderr
    assert not {"import_export.admin", "import_export.resources", "tablib"} & set(process.stdout.split())


@pytest.mark.process
@pytest.mark.parametrize("terminal", [True, False])
def test_import_reads_standard_input_and_shows_progress_in_a_terminal(*, terminal: bool) -> None:
    """The process does not have the test database, so the header is refused."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    process = subprocess.run(  # noqa: S603 - no shell
        [sys.executable, "manage.py", "import_rows", MODEL, "-", "--settings", "config.settings.testing"],
        cwd=BASE_DIR,
        input=b"lable\na\n",
        stderr=theirs,
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    printed = os.read(ours, 10_000).decode()
    os.close(ours)
    assert process.returncode == 1
    assert "Did you mean: label?" in printed
    assert ("\x1b[K" in printed) is terminal


@pytest.mark.parametrize("command", ["export_rows", "import_rows"])
def test_commands_know_models_of_the_admin_only(command: str) -> None:
    arguments = ["-"] if command == "import_rows" else []
    with pytest.raises(CommandError, match=r"Did you mean: sampleapp\.Measurement"):
        call_command(command, "sampleapp.Measurements", *arguments)


def test_admin_imports_nothing_if_a_row_has_become_invalid(browser: Browser, user: User) -> None:
    preview = upload(browser, f"label,owner_id\na,\nb,{user.pk}\n")
    user.delete()
    page = confirm(browser, preview)
    assert page.redirect_chain == [(reverse("admin:sampleapp_measurement_import"), 302)]
    assert labels() == []
