"""What the tests of several modules ask and check."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.files.objects import FOLDERS, objects_in
from apps.users.tests.helpers import Response
from conftest import Client

LIST = "v1:files:file-list"


def upload(api: Client, name: str, content: bytes, content_type: str = "text/html") -> Response:
    """Upload a file, saying of it what is never true."""
    return api.post(
        reverse(LIST), {"file": SimpleUploadedFile(name, content, content_type)}, format="multipart"
    )


def stored(api: Client, name: str = "a.txt", content: bytes = b"Hello") -> dict[str, Any]:
    """Upload a file that is taken."""
    response = upload(api, name, content)
    assert response.status_code == 201, response.content
    body: dict[str, Any] = response.json()
    return body


def link_of(api: Client, file: dict[str, Any]) -> str:
    """A link to download a file."""
    response = api.post(reverse("v1:files:file-link", args=[file["id"]]))
    assert response.status_code == 200, response.content
    url: str = response.json()["url"]
    return url


def objects() -> list[str]:
    """Everything in the storage that belongs, or belonged, to a file."""
    return [name for folder in FOLDERS for name in objects_in(folder)]
