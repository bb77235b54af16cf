"""File-based heartbeats, so that probes need no broker connection."""

from pathlib import Path

import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)


def heartbeat_path(process: str) -> Path:
    """Return the path of the heartbeat file of a process (`worker` or `beat`)."""
    return Path(settings.HEARTBEAT_DIR) / f".celery-{process}"


def heartbeat_write(process: str, state: str) -> None:
    """Write the state of a process atomically."""
    path = heartbeat_path(process)
    new = path.with_suffix(".new")
    try:
        new.write_text(state, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        # Not fatal: probes notice the outdated file.
        logger.warning("heartbeat_unwritable", path=str(path), reason=error.strerror)


def heartbeat_remove(process: str) -> None:
    heartbeat_path(process).unlink(missing_ok=True)
