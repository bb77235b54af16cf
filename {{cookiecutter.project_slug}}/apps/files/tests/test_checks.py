from django.core import checks
from pytest_django import Settings


def test_settings_that_would_refuse_every_upload_are_found(settings: Settings) -> None:
    assert not [error for error in checks.run_checks() if (error.id or "").startswith("files.")]

    settings.FILE_MAX_BYTES = 0
    settings.FILE_LINK_SECONDS = -1
    settings.FILE_EXTENSIONS = ["exe", "pdf"]
    messages = [str(error.msg) for error in checks.run_checks() if (error.id or "").startswith("files.")]

    assert messages == [
        "FILE_MAX_BYTES: it is more than 0",
        "FILE_LINK_SECONDS: it is more than 0",
        "FILE_EXTENSIONS: nothing can tell these from others: exe",
    ]
