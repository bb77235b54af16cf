"""Signs of life in files: who looks at one asks no broker and waits for nobody."""

from pathlib import Path

import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)


def heartbeat_path(process: str) -> Path:
    """Where a process (`worker` or `beat`) says that it is alive."""
    return Path(settings.HEARTBEAT_DIR) / f".celery-{process}"


def heartbeat_write(process: str, state: str) -> None:
    """Say that a process is alive and what it does; a reader sees the old file or the new one, never half."""
    path = heartbeat_path(process)
    new = path.with_suffix(".new")
    try:
        new.write_text(state, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        # The work goes on; who looks at the file sees that it is old.
        logger.warning("heartbeat_unwritable", path=str(path), reason=error.strerror)


def heartbeat_remove(process: str) -> None:
    heartbeat_path(process).unlink(missing_ok=True)
