"""Health check of the broker."""

from infrastructure.monitoring.health import CHECK_SECONDS


def check_broker() -> None:
    from config.celery import app  # noqa: PLC0415 - imports Celery, only needed to queue tasks

    # Shorter timeouts than for publishing, for a broker that accepts connections but hangs.
    timeouts = {"socket_connect_timeout": CHECK_SECONDS, "socket_timeout": CHECK_SECONDS}
    with app.connection_for_write() as connection:
        connection.transport_options = (connection.transport_options or {}) | timeouts
        connection.ensure_connection(max_retries=0, timeout=CHECK_SECONDS)
