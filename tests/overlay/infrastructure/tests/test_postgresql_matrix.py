"""Timeouts of connections and statements (`DB_ANSWER_TIMEOUT`)."""

import socket
from collections.abc import Iterator
from copy import deepcopy

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from infrastructure.database.postgresql import answer_within, driver
from infrastructure.database.postgresql.base import DatabaseWrapper
from infrastructure.tests.test_postgresql import on_postgresql


@pytest.fixture
def hanging() -> Iterator[str]:
    """Return the URL of a server that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://127.0.0.1:{server.getsockname()[1]}/"


@pytest.fixture
def own_connection(db: None) -> Iterator[BaseDatabaseWrapper]:
    """Return a connection of this backend; closing it aborts its queries."""
    settings = deepcopy(connection.settings_dict)
    options = settings["OPTIONS"]
    options.pop("pool", None)
    options["options"] = f"{options.get('options', '')} -c client_connection_check_interval=50"
    own = DatabaseWrapper(settings)
    yield own
    own.close()


@pytest.mark.slow
def test_connect_times_out_when_server_hangs(hanging: str) -> None:
    with answer_within(1), pytest.raises(psycopg.OperationalError, match="timeout expired"):
        driver.connect(hanging, connect_timeout=600)


@on_postgresql
def test_connection_remains_usable_after_statement_timeout(own_connection: BaseDatabaseWrapper) -> None:
    with own_connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 100")
        with pytest.raises(OperationalError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(60)")
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@on_postgresql
def test_query_times_out_after_answer_timeout(own_connection: BaseDatabaseWrapper) -> None:
    own_connection.settings_dict["OPTIONS"]["answer_timeout"] = 0.2
    with own_connection.cursor() as cursor, pytest.raises(OperationalError, match="did not answer in time"):
        cursor.execute("SELECT pg_sleep(60)")


def test_connect_fails_after_deadline(hanging: str) -> None:
    with answer_within(0), pytest.raises(psycopg.OperationalError, match="no time is left"):
        driver.connect(hanging)


@on_postgresql
def test_connection_is_closed_after_deadline(own_connection: BaseDatabaseWrapper) -> None:
    own_connection.ensure_connection()
    with answer_within(0.2), pytest.raises(OperationalError, match="did not answer in time"):
        own_connection.cursor().execute("SELECT pg_sleep(60)")
    assert not own_connection.is_usable()
