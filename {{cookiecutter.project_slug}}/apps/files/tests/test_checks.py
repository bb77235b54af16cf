from django.core import checks
from pytest_django import Settings


def test_check_reports_extension_without_validator(settings: Settings) -> None:
    assert not [error for error in checks.run_checks() if (error.id or "").startswith("files.")]

    settings.FILE_EXTENSIONS = ["exe", "pdf"]
    messages = [str(error.msg) for error in checks.run_checks() if (error.id or "").startswith("files.")]

    assert messages == ["FILE_EXTENSIONS: there is no validator for exe"]
