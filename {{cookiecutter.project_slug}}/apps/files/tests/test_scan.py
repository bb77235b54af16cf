"""Virus scan with a double of clamd, and with the real one if it is installed."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from apps.files import clamd
from apps.files.exceptions import ScanFailed
from apps.files.models import StoredFile
from apps.files.selectors import bytes_stored
from apps.files.services.shares import share_create
from apps.files.tests import samples
from apps.files.tests.fake_clamd import EICAR, FakeClamd
from apps.files.tests.helpers import blobs, stored
from apps.users.models import User
from apps.users.tests.helpers import problem_of
from conftest import Client


@pytest.fixture
def scanner(settings: Settings) -> Iterator[FakeClamd]:
    settings.FILE_QUEUE = "apps.files.services.processing.process_inline"
    # Not `tmp_path`: the paths of sockets must be short.
    with TemporaryDirectory() as folder:
        fake = FakeClamd(Path(folder))
        settings.CLAMD_URL = fake.unix
        yield fake
        fake.close()


def is_available(api: Client, file: dict[str, Any]) -> bool:
    response = api.post(reverse("v1:files:file-link", args=[file["id"]]))
    if response.status_code == 200:
        return True
    assert problem_of(response, 403)["type"] == "urn:problem:file_not_available"
    return False


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_clean_file_becomes_available(
    user_api: Client, scanner: FakeClamd, settings: Settings, kind: str
) -> None:
    settings.CLAMD_URL = getattr(scanner, kind)
    content = b"Hello\n" * 50_000

    file = stored(user_api, content=content)

    assert scanner.received == [content]
    assert file["status"] == "available"
    assert is_available(user_api, file)


def test_content_of_infected_file_is_deleted(user_api: Client, scanner: FakeClamd, user: User) -> None:
    file = stored(user_api, content=EICAR)

    assert file["status"] == "infected"
    assert not is_available(user_api, file)
    assert not blobs()
    assert bytes_stored(owner=user) == 0
    call_command("purge_files")
    assert user_api.delete(reverse("v1:files:file-detail", args=[file["id"]])).status_code == 204


def test_image_gets_no_thumbnail_before_its_scan(user_api: Client, scanner: FakeClamd) -> None:
    scanner.reply = b"stream: Can't allocate memory ERROR\0"
    file = stored(user_api, "a.png", samples.image("PNG"))
    assert (file["status"], file["has_thumbnail"]) == ("scanning", False)

    scanner.reply = b""
    StoredFile.objects.update(created_at=timezone.now() - timedelta(days=9))
    call_command("process_files")

    row = StoredFile.objects.get()
    assert (row.status, row.has_thumbnail) == ("available", True)


def delete(pk: UUID) -> None:
    """Delete a file during its scan."""
    StoredFile.objects.filter(pk=pk).delete()


def test_file_can_be_deleted_during_the_scan(
    user_api: Client, scanner: FakeClamd, settings: Settings
) -> None:
    settings.FILE_QUEUE = f"{__name__}.delete"
    assert stored(user_api)["status"] == "scanning"
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    "failure", ["down", "error", "nonsense", "silence", "too long", "no port", "not set"]
)
def test_file_stays_unavailable_when_the_scan_fails(
    user_api: Client, scanner: FakeClamd, settings: Settings, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    if failure == "down":
        settings.CLAMD_URL = "unix:///nonexistent/clamd.ctl"
    elif failure == "no port":
        settings.CLAMD_URL = "tcp://127.0.0.1:1"
    elif failure == "not set":
        settings.FILE_QUEUE = f"{__name__}.ignore"
    elif failure == "silence":
        monkeypatch.setattr(clamd, "ANSWER_SECONDS", 0.2)
        scanner.reply = None
    elif failure == "too long":
        scanner.max_bytes = 3
    else:
        scanner.reply = {"error": b"stream: Can't allocate memory ERROR\0", "nonsense": b"x" * 9000}[failure]

    file = stored(user_api)

    assert file["status"] == "scanning"
    assert not is_available(user_api, file)
    if failure == "not set":
        settings.CLAMD_URL = ""
        with pytest.raises(ScanFailed):
            clamd.scan(BytesIO(b"Hello"))


def ignore(_pk: object) -> None:
    """Lose the task."""


def test_file_that_is_not_scanned_is_not_shared(
    user_api: Client, user: User, scanner: FakeClamd, api: Client, other_api: Client
) -> None:
    scanner.reply = b"stream: ERROR\0"
    file = stored(user_api)
    other = User.objects.exclude(pk=user.pk).get()
    share_create(owner=user, file=StoredFile.objects.get().pk, email=other.email)
    _, token = share_create(owner=user, file=StoredFile.objects.get().pk)
    url = reverse("v1:files:shared-content", query={"token": token})

    assert api.get(url).status_code == 403
    assert other_api.get(reverse("v1:files:file-detail", args=[file["id"]])).status_code == 404
    StoredFile.objects.update(status="available")
    assert api.get(url).status_code == 200
    assert other_api.get(reverse("v1:files:file-detail", args=[file["id"]])).status_code == 200


def test_link_to_file_that_is_not_scanned_yields_404(user_api: Client, scanner: FakeClamd) -> None:
    url = user_api.post(reverse("v1:files:file-link", args=[stored(user_api)["id"]])).json()["url"]
    StoredFile.objects.update(status="scanning")
    problem_of(user_api.get(url), 404)


CONFIG = """
LocalSocket {folder}/clamd.ctl
DatabaseDirectory {folder}/db
TemporaryDirectory {folder}
Foreground yes
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("clamd") is None, reason="clamd is not installed (Debian: clamav-daemon)")
def test_real_clamd_scans_content(settings: Settings) -> None:
    # Not `tmp_path`: the paths of sockets must be short.
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "db").mkdir()
        (folder / "db" / "test.ndb").write_text(f"Test.Eicar:0:*:{EICAR.hex()}\n", encoding="ascii")
        (folder / "clamd.conf").write_text(CONFIG.format(folder=folder), encoding="utf-8")
        settings.CLAMD_URL = f"unix://{folder}/clamd.ctl"
        with subprocess.Popen(["clamd", "--config-file", str(folder / "clamd.conf")]) as process:  # noqa: S603, S607 - found above
            try:
                give_up = monotonic() + 60
                while not (folder / "clamd.ctl").exists():
                    assert process.poll() is None
                    assert monotonic() < give_up
                    sleep(0.1)
                assert clamd.scan(BytesIO(b"Hello" * 100_000)) is None
                assert str(clamd.scan(BytesIO(EICAR))).startswith("Test.Eicar")
            finally:
                process.terminate()
