"""Validator of JSON of devices and for devices."""

import math
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_DEPTH = 100
# NUL and halves of surrogate pairs.
NOT_STORED = re.compile("[\0\ud800-\udfff]")


def validate_json(value: Any) -> None:
    """Reject parsed JSON that PostgreSQL or SQLite cannot store; raises ValidationError."""
    if not _is_stored(value, MAX_DEPTH):
        raise ValidationError(_("Value must be valid JSON."), code="invalid")


def _is_stored(value: Any, levels: int) -> bool:
    if isinstance(value, str):
        return not NOT_STORED.search(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if not isinstance(value, dict | list):
        return True
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return levels > 0 and all(_is_stored(part, levels - 1) for part in parts)
