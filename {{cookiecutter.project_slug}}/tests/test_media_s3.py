"""Uploads in S3: settings and locally signed URLs."""

import hmac
import json
import runpy
from base64 import b64decode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import pytest
from django.core.files.storage import storages
from django.utils import timezone
from pytest_django import Settings

from config.env import BASE_DIR
from infrastructure.storage.s3 import PrivateS3Storage
from tests.production import run_python

COMPONENT = str(BASE_DIR / "config/settings/components/media_s3.py")
NAMES = {
    "AWS_STORAGE_BUCKET_NAME": "uploads",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_S3_REGION_NAME": "eu-central-1",
    "AWS_S3_ENDPOINT_URL": "",
    "AWS_S3_ADDRESSING_STYLE": "",
}
# Prints which libraries are loaded after setup.
LOADED = "import sys, django; django.setup(); print('boto3' in sys.modules, 'botocore' in sys.modules)"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NAMES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def component() -> dict[str, Any]:
    return runpy.run_path(COMPONENT)


def storage(settings: Settings) -> PrivateS3Storage:
    settings.STORAGES = component()["STORAGES"]
    opened = storages["default"]
    assert isinstance(opened, PrivateS3Storage)
    return opened


def link(settings: Settings) -> tuple[str, dict[str, list[str]]]:
    """Return the URL and the query parameters of a download URL."""
    url = storage(settings).download_url(
        "files/00/1", file_name="Zürich.pdf", content_type="application/pdf", seconds=60
    )
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", parse_qs(parts.query)


def test_uploads_stay_on_disk_without_a_bucket(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_STORAGE_BUCKET_NAME", "")

    assert "STORAGES" not in component()
    assert component()["MEDIA_REQUIRED"] == ["AWS_STORAGE_BUCKET_NAME"]


def test_static_files_backend_is_unchanged(environment: pytest.MonkeyPatch, settings: Settings) -> None:
    backend = component()["STORAGES"]["staticfiles"]["BACKEND"]

    assert backend == "whitenoise.storage.CompressedManifestStaticFilesStorage"


def signature_of(url: str, secret: str) -> str:
    """Return the signature that S3 calculates for a URL.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    parts = urlsplit(url)
    query = {name: value for name, value in parse_qsl(parts.query) if name != "X-Amz-Signature"}
    scope = query["X-Amz-Credential"].partition("/")[2]
    pairs = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
    request = f"GET\n{parts.path}\n{pairs}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = sha256(request.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{digest}"
    return hmac.digest(key, text.encode(), "sha256").hex()


@pytest.mark.usefixtures("environment")
def test_signature_matches_s3_calculation(settings: Settings) -> None:
    url = storage(settings).download_url(
        "files/00/1", file_name='Zürich "1".pdf', content_type="application/pdf", seconds=60
    )

    assert url.endswith(f"&X-Amz-Signature={signature_of(url, 'secret')}")
    assert not url.endswith(signature_of(url, "another secret"))


@pytest.mark.usefixtures("environment")
def test_download_url_is_signed_and_expires(settings: Settings) -> None:
    address, query = link(settings)

    assert address == "https://uploads.s3.eu-central-1.amazonaws.com/files/00/1"
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-Credential"][0].split("/")[2] == "eu-central-1"
    assert query["response-content-disposition"] == ["attachment; filename*=utf-8''Z%C3%BCrich.pdf"]
    assert query["response-content-type"] == ["application/pdf"]
    assert query["response-cache-control"] == ["private, no-store"]


@pytest.mark.usefixtures("environment")
def test_upload_request_is_a_form_for_one_object_of_this_size_and_type(settings: Settings) -> None:
    request = storage(settings).upload_request(
        "uploads/1", size=1000, content_type="application/pdf", seconds=60
    )

    assert (request["method"], request["headers"]) == ("POST", {})
    assert request["url"] == "https://uploads.s3.eu-central-1.amazonaws.com/"
    form = request["form"]
    assert (form["key"], form["Content-Type"]) == ("uploads/1", "application/pdf")
    policy = json.loads(b64decode(form["policy"]))
    assert {"key": "uploads/1"} in policy["conditions"]
    assert {"bucket": "uploads"} in policy["conditions"]
    assert {"Content-Type": "application/pdf"} in policy["conditions"]
    assert ["content-length-range", 1000, 1000] in policy["conditions"]
    expires_at = datetime.fromisoformat(policy["expiration"])
    assert timedelta(seconds=50) < expires_at - timezone.now() <= timedelta(seconds=60)
    assert form["x-amz-signature"]


def test_url_without_parameters_is_signed(environment: pytest.MonkeyPatch, settings: Settings) -> None:
    url = storage(settings).url("avatars/1.webp")

    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == [str(settings.MEDIA_LINK_SECONDS)]


@pytest.mark.parametrize(
    ("style", "address"),
    [
        ("", "http://minio.example.com:9000/uploads/files/00/1"),
        ("path", "http://minio.example.com:9000/uploads/files/00/1"),
        ("virtual", "http://uploads.minio.example.com:9000/files/00/1"),
    ],
)
def test_endpoint_uses_the_configured_addressing_style(
    environment: pytest.MonkeyPatch, settings: Settings, style: str, address: str
) -> None:
    environment.setenv("AWS_S3_ENDPOINT_URL", "http://minio.example.com:9000")
    environment.setenv("AWS_S3_ADDRESSING_STYLE", style)

    assert link(settings)[0] == address


def test_machine_identity_is_used_without_a_key(environment: pytest.MonkeyPatch, settings: Settings) -> None:
    environment.setenv("AWS_ACCESS_KEY_ID", "")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "")

    assert (storage(settings).access_key, storage(settings).secret_key) == (None, None)


@pytest.mark.usefixtures("environment")
def test_storage_is_private_and_has_timeouts(settings: Settings) -> None:
    private = storage(settings)

    assert private.default_acl is None
    assert private.querystring_auth is True
    config = private.connection.meta.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 20)
    # Three attempts, including the first one.
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_boto3_is_not_loaded_at_startup() -> None:
    process = run_python("-c", LOADED, **NAMES)

    assert (process.returncode, process.stdout.split()) == (0, ["False", "False"]), process.stderr
