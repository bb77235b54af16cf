"""Helpers shared by the files tests."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.files.storage import FOLDERS, names_in
from apps.users.tests.helpers import Response
from conftest import Client

LIST = "v1:files:file-list"


def upload(api: Client, name: str, content: bytes, content_type: str = "text/html") -> Response:
    """Upload a file, by default with a wrong content type."""
    return api.post(
        reverse(LIST), {"file": SimpleUploadedFile(name, content, content_type)}, format="multipart"
    )


def stored(api: Client, name: str = "a.txt", content: bytes = b"Hello") -> dict[str, Any]:
    """Upload a valid file and return the response body."""
    response = upload(api, name, content)
    assert response.status_code == 201, response.content
    body: dict[str, Any] = response.json()
    return body


def link_of(api: Client, file: dict[str, Any]) -> str:
    """Return a download link of a file."""
    response = api.post(reverse("v1:files:file-link", args=[file["id"]]))
    assert response.status_code == 200, response.content
    url: str = response.json()["url"]
    return url


def blobs() -> list[str]:
    """Return the names of all blobs of files, including orphans."""
    return [name for folder in FOLDERS for name in names_in(folder)]
