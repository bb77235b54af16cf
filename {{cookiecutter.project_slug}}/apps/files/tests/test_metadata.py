"""Removal of metadata from images, and thumbnails."""

import struct
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage, default_storage
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from PIL import Image, PngImagePlugin
from pytest_django import Settings

from apps.core import images
from apps.files.models import StoredFile
from apps.files.services.processing import file_process
from apps.files.tests import samples
from apps.files.tests.factories import StoredFileFactory
from apps.files.tests.helpers import blobs, stored, upload
from apps.users.tests.helpers import problem_of
from conftest import Client

SECRET = b"secret"
ORIENTATION, MAKE = 0x0112, 0x010F


@pytest.fixture(autouse=True)
def _inline(settings: Settings) -> None:
    settings.FILE_STRIP_METADATA = True
    settings.FILE_QUEUE = "apps.files.services.processing.process_inline"


def photo(image_format: str, orientation: int = 6, **options: Any) -> bytes:
    """Return an image of 40 x 20 pixels with EXIF, a position, and an ICC profile."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = orientation, "secret camera"
    exif.get_ifd(0x8825)[1] = "N"
    buffer = BytesIO()
    picture = Image.new("RGB", (40, 20), "red")
    picture.putpixel((0, 0), (0, 0, 255))
    picture.save(buffer, image_format, exif=exif, icc_profile=b"profile" * 5, **options)
    return buffer.getvalue()


def text() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "secret words" * 10)
    return info


PHOTOS = {
    "JPEG": photo("JPEG", comment=b"secret comment", xmp=b"secret packet", quality=95),
    "progressive JPEG": photo("JPEG", comment=b"secret comment", progressive=True),
    "JPEG with preview": photo("JPEG") + photo("JPEG") + b"secret trailer",
    "PNG": photo("PNG", pnginfo=text()),
    "WEBP": photo("WEBP", xmp=b"secret packet", lossless=True),
}


def pixels(content: bytes) -> bytes:
    return Image.open(BytesIO(content)).convert("RGB").tobytes()


@pytest.mark.parametrize("kind", PHOTOS)
def test_metadata_is_removed_without_loss(user_api: Client, kind: str) -> None:
    content = PHOTOS[kind]
    assert SECRET in content
    extension = "jpg" if "JPEG" in kind else kind.lower()

    file = stored(user_api, f"a.{extension}", content)

    row = StoredFile.objects.get()
    kept = default_storage.open(row.storage_name).read()
    assert SECRET not in kept
    assert pixels(kept) == pixels(content)
    assert file["size"] == len(kept) < len(content)
    picture = Image.open(BytesIO(kept))
    assert picture.info["icc_profile"] == b"profile" * 5
    assert dict(picture.getexif()) == ({ORIENTATION: 6} if extension == "jpg" else {})


def test_thumbnail_is_scaled_and_turned(user_api: Client) -> None:
    buffer = BytesIO()
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.new("RGB", (2000, 1000), "red").save(buffer, "JPEG", exif=exif)
    file = stored(user_api, "a.jpg", buffer.getvalue())

    response = user_api.get(reverse("v1:files:file-thumbnail", args=[file["id"]]))

    assert file["has_thumbnail"] is True
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    assert "sandbox" in response["Content-Security-Policy"]
    picture = Image.open(BytesIO(response.getvalue()))
    assert picture.size == (256, 512)
    assert not picture.getexif()


@pytest.mark.parametrize("name", ["a.gif", "a.jpg", "a.png", "a.webp"])
def test_images_without_metadata_are_unchanged(user_api: Client, name: str) -> None:
    content = samples.animation() if name == "a.gif" else samples.ACCEPTED[name.removeprefix("a.")][1]

    stored(user_api, name, content)

    assert default_storage.open(StoredFile.objects.get().storage_name).read() == content


def test_metadata_is_kept_if_the_setting_is_off(user_api: Client, settings: Settings) -> None:
    settings.FILE_STRIP_METADATA = False
    content = PHOTOS["JPEG"]

    stored(user_api, "a.jpg", content)

    assert default_storage.open(StoredFile.objects.get().storage_name).read() == content


def test_vp8x_flags_announce_no_metadata(user_api: Client) -> None:
    stored(user_api, "a.webp", PHOTOS["WEBP"])
    kept = default_storage.open(StoredFile.objects.get().storage_name).read()
    assert kept[12:16] == b"VP8X"
    assert kept[20] & 0x0C == 0
    assert struct.unpack("<I", kept[4:8])[0] == len(kept) - 8


def test_thumbnail_of_an_animation_is_its_first_frame(user_api: Client) -> None:
    file = stored(user_api, "a.gif", samples.animation())
    response = user_api.get(reverse("v1:files:file-thumbnail", args=[file["id"]]))
    picture = Image.open(BytesIO(response.getvalue()))
    assert picture.convert("RGB").getpixel((0, 0)) == pytest.approx((255, 0, 0), abs=5)
    assert not getattr(picture, "is_animated", False)


def test_decompression_bomb_is_rejected_before_the_thumbnail(user_api: Client) -> None:
    assert upload(user_api, "a.png", samples.decompression_bomb(60_000)).status_code == 400
    assert not blobs()


def test_thumbnail_of_bomb_in_the_storage_is_not_created(user_api: Client, settings: Settings) -> None:
    settings.FILE_QUEUE = f"{__name__}.ignore"
    stored(user_api, "a.png", samples.image("PNG"))
    row = StoredFile.objects.get()
    default_storage.delete(row.storage_name)
    default_storage.save(row.storage_name, BytesIO(samples.decompression_bomb(60_000)))

    file_process(row.pk)

    row.refresh_from_db()
    assert row.thumbnail_name == ""


def ignore(_pk: object) -> None:
    """Lose the task."""


def test_other_types_have_no_thumbnail(user_api: Client) -> None:
    file = stored(user_api)
    assert file["has_thumbnail"] is False
    problem_of(user_api.get(reverse("v1:files:file-thumbnail", args=[file["id"]])), 404)


def test_thumbnail_of_others_is_not_found(user_api: Client, other_api: Client) -> None:
    file = stored(user_api, "a.png", samples.image("PNG"))
    problem_of(other_api.get(reverse("v1:files:file-thumbnail", args=[file["id"]])), 404)


def test_deletion_removes_the_thumbnail(user_api: Client) -> None:
    file = stored(user_api, "a.png", samples.image("PNG"))
    assert len(blobs()) == 2

    user_api.delete(reverse("v1:files:file-detail", args=[file["id"]]))

    assert not blobs()


def test_lost_task_is_repeated(user_api: Client, settings: Settings) -> None:
    settings.FILE_QUEUE = f"{__name__}.ignore"
    file = stored(user_api, "a.png", samples.image("PNG"))
    assert file["has_thumbnail"] is False

    call_command("process_files")
    assert not StoredFile.objects.get().has_thumbnail
    StoredFile.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    call_command("process_files")
    assert StoredFile.objects.get().has_thumbnail


def test_old_images_are_processed_on_request(user_api: Client, settings: Settings) -> None:
    settings.FILE_QUEUE = f"{__name__}.ignore"
    stored(user_api, "a.png", samples.image("PNG"))
    StoredFile.objects.update(created_at=timezone.now() - timedelta(days=9))

    call_command("process_files")
    assert not StoredFile.objects.get().has_thumbnail
    call_command("process_files", "--all")
    assert StoredFile.objects.get().has_thumbnail


def test_upload_succeeds_when_the_thumbnail_fails(user_api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    save = InMemoryStorage._save  # type: ignore[attr-defined] # noqa: SLF001 - the write hook

    def fail(storage: InMemoryStorage, name: str, content: Any) -> str:
        if blobs():
            raise OSError("The storage is unavailable.")
        return str(save(storage, name, content))

    monkeypatch.setattr(InMemoryStorage, "_save", fail)
    file = stored(user_api, "a.png", samples.image("PNG"))

    assert file["has_thumbnail"] is False
    assert len(blobs()) == 1


@pytest.mark.django_db
def test_second_task_creates_no_second_thumbnail() -> None:
    row = StoredFileFactory.create(name="a.png", content_type="image/png")
    default_storage.save(row.storage_name, BytesIO(samples.image("PNG")))

    file_process(row.pk)
    file_process(row.pk)

    assert len(blobs()) == 2
    assert images._decoding.acquire(blocking=False)  # noqa: SLF001 - no task holds it
    images._decoding.release()  # noqa: SLF001
