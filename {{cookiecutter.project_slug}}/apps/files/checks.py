"""System checks of the file settings: https://docs.djangoproject.com/en/stable/topics/checks/"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.files.content_validation import FILE_TYPES


@register()
def check_file_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Report extensions without a validator: their first upload would fail."""
    unknown = sorted(set(settings.FILE_EXTENSIONS) - FILE_TYPES.keys())
    if not unknown:
        return []
    return [Error(f"FILE_EXTENSIONS: there is no validator for {', '.join(unknown)}", id="files.E002")]
