"""Timeouts of connections and statements (`DB_ANSWER_TIMEOUT`)."""

import psycopg
import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from infrastructure.database.postgresql import answer_within, driver
from infrastructure.tests.test_postgresql import on_postgresql


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
