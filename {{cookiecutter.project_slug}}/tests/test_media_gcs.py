"""Uploads in Google Cloud Storage: settings and locally signed URLs."""

import json
import runpy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.files.storage import storages
from pytest_django import Settings

from config.env import BASE_DIR
from infrastructure.storage.gcs import PrivateGoogleStorage
from tests.production import run_python

COMPONENT = str(BASE_DIR / "config/settings/components/media_gcs.py")
# Prints which libraries are loaded after setup.
LOADED = "import sys, django; django.setup(); print('google.cloud' in sys.modules, 'storages' in sys.modules)"


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a random service account key."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account",
        "project_id": "project",
        "client_email": "uploads@project.example.com",
        "private_key": pem,
        "private_key_id": "1",
        "token_uri": "http://127.0.0.1:9/token",
    }
    path = tmp_path_factory.mktemp("gcs") / "key.json"
    path.write_text(json.dumps(account), encoding="utf-8")
    return path


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, credentials: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("GS_BUCKET_NAME", "uploads")
    monkeypatch.setenv("GS_PROJECT_ID", "project")
    monkeypatch.setenv("GS_CREDENTIALS_FILE", str(credentials))
    return monkeypatch


def component() -> dict[str, Any]:
    return runpy.run_path(COMPONENT)


def storage(settings: Settings) -> PrivateGoogleStorage:
    settings.STORAGES = component()["STORAGES"]
    opened = storages["default"]
    assert isinstance(opened, PrivateGoogleStorage)
    return opened


def test_uploads_stay_on_disk_without_a_bucket(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GS_BUCKET_NAME", "")

    assert "STORAGES" not in component()
    assert component()["MEDIA_REQUIRED"] == ["GS_BUCKET_NAME"]


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
    assert (
        f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://storage.googleapis.com/uploads/files/00/1"
    )
    assert query["X-Goog-Algorithm"] == ["GOOG4-RSA-SHA256"]
    assert query["X-Goog-Expires"] == ["60"]
    assert query["X-Goog-Credential"][0].startswith("uploads@project.example.com/")
    assert query["response-content-disposition"] == ["attachment; filename*=utf-8''Z%C3%BCrich.pdf"]
    assert query["response-content-type"] == ["application/pdf"]


@pytest.mark.usefixtures("environment")
def test_upload_request_signs_size_and_type(settings: Settings) -> None:
    request = storage(settings).upload_request(
        "uploads/1", size=1000, content_type="application/pdf", seconds=60
    )

    parts = urlsplit(request["url"])
    query = parse_qs(parts.query)
    assert (request["method"], request["form"]) == ("PUT", {})
    assert (
        f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://storage.googleapis.com/uploads/uploads/1"
    )
    assert query["X-Goog-Expires"] == ["60"]
    assert query["X-Goog-SignedHeaders"] == ["content-type;host;x-goog-content-length-range"]
    assert request["headers"] == {
        "Content-Type": "application/pdf",
        "x-goog-content-length-range": "1000,1000",
    }


@pytest.mark.usefixtures("environment")
def test_url_without_parameters_is_signed(settings: Settings) -> None:
    query = parse_qs(urlsplit(storage(settings).url("avatars/1.webp")).query)

    assert query["X-Goog-Expires"] == [str(settings.MEDIA_LINK_SECONDS)]


def test_machine_identity_signs_without_a_key(environment: pytest.MonkeyPatch, settings: Settings) -> None:
    environment.setenv("GS_CREDENTIALS_FILE", "")

    private = storage(settings)
    assert private.credentials is None
    assert private.iam_sign_blob is True
    assert private.default_acl is None


def test_google_libraries_are_not_loaded_at_startup(credentials: Path) -> None:
    process = run_python("-c", LOADED, GS_BUCKET_NAME="uploads", GS_CREDENTIALS_FILE=str(credentials))

    assert (process.returncode, process.stdout.split()) == (0, ["False", "False"]), process.stderr
