"""Formulas in CSV exports."""

from decimal import Decimal

import pytest
from django.test import Client as Browser

from apps.core.admin import escaped
from apps.users.models import User
from apps.users.tests.factories import UserFactory
from apps.users.tests.test_admin import rows_of, run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_export_escapes_formulas(root: Browser, start: str) -> None:
    user = UserFactory.create(first_name=f'{start}HYPERLINK("https://example.org")', last_name="Love-lace")
    _, row = rows_of(run(root, "export_csv", [user]))
    assert row[2] == f'\'{start}HYPERLINK("https://example.org")'
    assert row[3] == "Love-lace"


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
        ("x,-1", "x,'-1"),
        ("x\t=1", "x\t'=1"),
        ("x\n@SUM(1)", "x\n'@SUM(1)"),
        ("x|+1", "x|'+1"),
        ('x;"=1', "x;'\"=1"),
        (" =1", "' =1"),
        ("\u3000\uff1d1", "'\u3000\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("Smith; Jones - a = b, c@example.com", "Smith; Jones - a = b, c@example.com"),
        ("'=1", "''=1"),
    ],
)
def test_csv_export_neutralizes_formulas_in_every_part_of_a_cell(root: Browser, name: str, cell: str) -> None:
    user = UserFactory.create()
    # Bypasses the service, which strips whitespace.
    User.objects.filter(pk=user.pk).update(first_name=name)
    _, row = rows_of(run(root, "export_csv", [user]))
    assert row[2] == cell


def test_csv_export_quotes_cells_and_keeps_numbers() -> None:
    assert [escaped(number) for number in (-5, -1.5, Decimal("-0.10"), None, "-5")] == [
        -5,
        -1.5,
        Decimal("-0.10"),
        None,
        "'-5",
    ]
