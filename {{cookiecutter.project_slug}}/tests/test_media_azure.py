"""Uploads in Azure Blob Storage: settings and locally signed URLs."""

import runpy
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.identity import DefaultAzureCredential
from django.core.files.storage import storages
from django.utils import timezone
from pytest_django import Settings

from config.env import BASE_DIR
from infrastructure.storage.azure import PrivateAzureStorage
from tests.production import run_python

# django-storages uses the deprecated `datetime.utcnow`.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

COMPONENT = str(BASE_DIR / "config/settings/components/media_azure.py")
NAMES = {
    "AZURE_CONTAINER": "uploads",
    "AZURE_ACCOUNT_NAME": "account",
    "AZURE_ACCOUNT_KEY": "a2V5",
    "AZURE_CONNECTION_STRING": "",
}
# Prints which libraries are loaded after setup.
LOADED = "import sys, django; django.setup(); print('azure.core' in sys.modules, 'storages' in sys.modules)"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NAMES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def component() -> dict[str, Any]:
    return runpy.run_path(COMPONENT)


def storage(settings: Settings) -> PrivateAzureStorage:
    settings.STORAGES = component()["STORAGES"]
    opened = storages["default"]
    assert isinstance(opened, PrivateAzureStorage)
    return opened


def test_uploads_stay_on_disk_without_a_container(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AZURE_CONTAINER", "")

    assert "STORAGES" not in component()
    assert component()["MEDIA_REQUIRED"] == ["AZURE_CONTAINER", "AZURE_ACCOUNT_NAME"]


@pytest.mark.usefixtures("environment")
def test_static_files_backend_is_unchanged() -> None:
    backend = component()["STORAGES"]["staticfiles"]["BACKEND"]

    assert backend == "whitenoise.storage.CompressedManifestStaticFilesStorage"


@pytest.mark.usefixtures("environment")
def test_download_url_is_signed_and_expires(settings: Settings) -> None:
    url = storage(settings).download_url(
        "files/00/1", file_name="Zürich.pdf", content_type="application/pdf", seconds=60
    )

    parts = urlsplit(url)
    query = parse_qs(parts.query)
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    assert address == "https://account.blob.core.windows.net/uploads/files/00/1"
    expires_at = datetime.fromisoformat(query["se"][0])
    assert timedelta(seconds=50) < expires_at - timezone.now() <= timedelta(seconds=60)
    # Read access to this object only.
    assert (query["sr"], query["sp"]) == (["b"], ["r"])
    assert query["rscd"] == ["attachment; filename*=utf-8''Z%C3%BCrich.pdf"]
    assert query["rsct"] == ["application/pdf"]
    assert query["rscc"] == ["private, no-store"]
    assert query["sig"]


@pytest.mark.usefixtures("environment")
def test_upload_request_may_create_one_blob(settings: Settings) -> None:
    request = storage(settings).upload_request(
        "uploads/1", size=1000, content_type="application/pdf", seconds=60
    )

    parts = urlsplit(request["url"])
    query = parse_qs(parts.query)
    assert (request["method"], request["form"]) == ("PUT", {})
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    assert address == "https://account.blob.core.windows.net/uploads/uploads/1"
    # Neither reading nor overwriting.
    assert (query["sr"], query["sp"]) == (["b"], ["c"])
    assert request["headers"] == {"Content-Type": "application/pdf", "x-ms-blob-type": "BlockBlob"}
    expires_at = datetime.fromisoformat(query["se"][0])
    assert timedelta(seconds=50) < expires_at - timezone.now() <= timedelta(seconds=60)


@pytest.mark.usefixtures("environment")
def test_url_without_parameters_is_signed(settings: Settings) -> None:
    assert parse_qs(urlsplit(storage(settings).url("avatars/1.webp")).query)["sig"]


def test_connection_string_overrides_account_and_key(
    environment: pytest.MonkeyPatch, settings: Settings
) -> None:
    string = "AccountName=other;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:10000/other"
    for name, value in {**dict.fromkeys(NAMES, ""), "AZURE_CONTAINER": "uploads"}.items():
        environment.setenv(name, value)
    environment.setenv("AZURE_CONNECTION_STRING", string)

    assert component()["MEDIA_REQUIRED"] == ["AZURE_CONTAINER"]
    assert storage(settings).url("a").startswith("http://127.0.0.1:10000/other/uploads/a?")


def test_machine_identity_is_used_without_a_key(environment: pytest.MonkeyPatch, settings: Settings) -> None:
    environment.setenv("AZURE_ACCOUNT_KEY", "")

    assert isinstance(storage(settings).token_credential, DefaultAzureCredential)


def test_azure_libraries_are_not_loaded_at_startup() -> None:
    process = run_python("-c", LOADED, **NAMES)

    assert (process.returncode, process.stdout.split()) == (0, ["False", "False"]), process.stderr
