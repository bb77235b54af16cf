"""Whether tasks can be queued."""


def check_broker() -> None:
    from config.celery import app  # noqa: PLC0415 - Celery, which only a process that queues tasks needs

    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=0, timeout=2)
