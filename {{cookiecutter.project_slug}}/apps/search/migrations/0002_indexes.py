"""Indexes of the full text: GIN indexes on PostgreSQL, an FTS5 table with triggers on SQLite."""

from typing import Any

import structlog
from django.apps.registry import Apps
from django.db import DatabaseError, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# `fastupdate` collects changes in a list that searches would have to read.
GIN = "CREATE INDEX CONCURRENTLY search_entry_vector ON search_searchentry USING gin (vector) WITH (fastupdate = off)"
# For `title__istartswith`.
PREFIX = "CREATE INDEX CONCURRENTLY search_entry_title ON search_searchentry (upper(title::text) text_pattern_ops)"
TRIGRAM = "CREATE INDEX CONCURRENTLY search_word_trigram ON search_searchword USING gin (word gin_trgm_ops)"
INDEXES = {"search_entry_vector": GIN, "search_entry_title": PREFIX, "search_word_trigram": TRIGRAM}

TABLE = """
CREATE VIRTUAL TABLE search_fts USING fts5(
    title, text, content='search_searchentry', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
)
"""
ADD = "INSERT INTO search_fts(rowid, title, text) VALUES (new.id, new.title, new.text);"
REMOVE = "INSERT INTO search_fts(search_fts, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);"
# Django drops triggers when it recreates the table: a later migration that alters it must create them again.
TRIGGERS = {
    "insert": ADD,
    "update": f"{REMOVE} {ADD}",
    "delete": REMOVE,
}

logger = structlog.get_logger(__name__)


def create(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            create_indexes(cursor)
        elif has_fts5(cursor):
            cursor.execute(TABLE)
            cursor.execute("INSERT INTO search_fts(search_fts) VALUES ('rebuild')")
            for event, statements in TRIGGERS.items():
                cursor.execute(
                    f"CREATE TRIGGER search_fts_{event} AFTER {event} ON search_searchentry BEGIN {statements} END"
                )


def create_indexes(cursor: Any) -> None:
    # A failed concurrent build leaves an invalid index.
    drop_indexes(cursor)
    cursor.execute(GIN)
    cursor.execute(PREFIX)
    try:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute(TRIGRAM)
    except DatabaseError:
        # Needs the privilege CREATE on the database, and the package of PostgreSQL's extensions.
        logger.warning("pg_trgm_not_created", effect="no correction of typing errors", see="docs/search.md")


def drop_indexes(cursor: Any) -> None:
    for name in INDEXES:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def drop(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "postgresql":
            drop_indexes(cursor)
        else:
            for event in TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS search_fts_{event}")
            cursor.execute("DROP TABLE IF EXISTS search_fts")


def has_fts5(cursor: Any) -> bool:
    cursor.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")
    return cursor.fetchone() is not None


class Migration(migrations.Migration):
    # PostgreSQL builds indexes concurrently only outside of transactions.
    atomic = False

    dependencies = [("search", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
