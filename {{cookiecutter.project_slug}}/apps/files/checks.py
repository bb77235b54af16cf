"""Checks of the settings of files: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.files.content_validation import KINDS

POSITIVE = ("FILE_MAX_BYTES", "FILE_QUOTA_BYTES", "FILE_LINK_SECONDS")


@register()
def check_file_settings(**_kwargs: Any) -> list[CheckMessage]:
    """What would refuse, or fail with, every upload is found before the first one."""
    errors: list[CheckMessage] = [
        Error(f"{name}: it is more than 0", id="files.E001")
        for name in POSITIVE
        if getattr(settings, name) <= 0
    ]
    unknown = sorted(set(settings.FILE_EXTENSIONS) - KINDS.keys())
    if unknown:
        message = f"FILE_EXTENSIONS: nothing can tell these from others: {', '.join(unknown)}"
        errors.append(Error(message, id="files.E002"))
    return errors
