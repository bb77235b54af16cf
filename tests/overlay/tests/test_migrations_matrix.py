"""Columns that the test of migrations accepts."""

from typing import Any

from django.db import models
from django.db.migrations import AddField, CreateModel, Migration

from tests.test_migrations import unfilled

FIELDS: dict[str, "models.Field[Any, Any]"] = {
    "required": models.CharField(max_length=10),
    "default": models.CharField(max_length=10, default="en"),
    "db_default": models.CharField(max_length=10, db_default="en"),
    "null": models.DateTimeField(null=True),
    "many_to_many": models.ManyToManyField("users.User"),
}


def test_python_default_is_no_database_default() -> None:
    class Sample(Migration):
        operations = [AddField("user", name, field) for name, field in FIELDS.items()]

    assert list(unfilled(Sample("0002_sample", "users"))) == ["user.required", "user.default"]


def test_columns_of_a_new_table_are_ignored() -> None:
    class Sample(Migration):
        operations = [CreateModel("Pet", []), AddField("pet", "name", models.CharField(max_length=10))]

    assert list(unfilled(Sample("0002_sample", "users"))) == []
