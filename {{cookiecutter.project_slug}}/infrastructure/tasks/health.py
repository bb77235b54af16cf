"""Whether tasks can be queued."""

from infrastructure.monitoring.health import CHECK_SECONDS


def check_broker() -> None:
    from config.celery import app  # noqa: PLC0415 - Celery, which only a process that queues tasks needs

    # Who probes does not wait as long as who publishes, for a server that takes connections and hangs.
    timeouts = {"socket_connect_timeout": CHECK_SECONDS, "socket_timeout": CHECK_SECONDS}
    with app.connection_for_write() as connection:
        connection.transport_options = (connection.transport_options or {}) | timeouts
        connection.ensure_connection(max_retries=0, timeout=CHECK_SECONDS)
