"""Backward-compatible migrations: the running release can write while the next one migrates."""

from collections.abc import Iterator

from django.apps import apps
from django.db.migrations import AddField, CreateModel, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.models.fields import NOT_PROVIDED

# Migrations of tables without writers at that time, as ("app", "0002_name"), each with a reason.
EXCEPTIONS: set[tuple[str, str]] = set()


def unfilled(migration: Migration) -> Iterator[str]:
    """Yield new columns that an INSERT of the previous release would violate."""
    made = {operation.name_lower for operation in migration.operations if isinstance(operation, CreateModel)}
    for operation in migration.operations:
        if not isinstance(operation, AddField) or operation.model_name_lower in made:
            continue
        field = operation.field
        by_the_database = field.db_default is not NOT_PROVIDED or field.generated
        if not (field.null or field.many_to_many or by_the_database):
            yield f"{operation.model_name}.{operation.name}"


def own_migrations() -> Iterator[tuple[tuple[str, str], Migration]]:
    own = {
        config.label
        for config in apps.get_app_configs()
        if config.name.startswith(("apps.", "infrastructure."))
    }
    loader = MigrationLoader(None)
    for key, migration in loader.disk_migrations.items():
        if key[0] in own:
            yield key, migration


def test_added_columns_are_nullable_or_have_a_database_default() -> None:
    migrations = dict(own_migrations())
    assert ("users", "0001_initial") in migrations
    found = {key: list(unfilled(migration)) for key, migration in migrations.items() if key not in EXCEPTIONS}
    assert {key: columns for key, columns in found.items() if columns} == {}
