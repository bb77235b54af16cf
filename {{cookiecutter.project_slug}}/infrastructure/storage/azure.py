"""Private files in Azure Blob Storage. docs/media-azure.md"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
from django.utils.http import content_disposition_header
from storages.backends.azure_storage import AzureStorage

if TYPE_CHECKING:
    from django.core.files.base import File


class PrivateAzureStorage(AzureStorage):
    """Azure storage with download URLs signed by the account key or by a user delegation key."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if not self.account_key and not self.connection_string:
            self.token_credential = DefaultAzureCredential()

    def _get_service_client(self) -> BlobServiceClient:
        """Create the client; with a connection string, the base class would drop `client_options`."""
        if self.connection_string:
            return BlobServiceClient.from_connection_string(self.connection_string, **self.client_options)
        client: BlobServiceClient = super()._get_service_client()
        return client

    def download_url(self, name: str, *, file_name: str, content_type: str, seconds: int) -> str:
        """Return a signed URL that makes the browser save the file as `file_name`."""
        # https://learn.microsoft.com/rest/api/storageservices/create-service-sas
        parameters = {
            "cache_control": "private, no-store",
            "content_disposition": content_disposition_header(True, file_name),  # noqa: FBT003 - Django's signature
            "content_type": content_type,
        }
        return str(self.url(name, expire=seconds, parameters=parameters))

    def upload_request(self, name: str, *, size: int, content_type: str, seconds: int) -> dict[str, Any]:
        """Return a signed PUT request that creates one blob and cannot overwrite it.

        Azure signs neither size nor content type: `size` must be checked after the upload.
        """
        # https://learn.microsoft.com/rest/api/storageservices/put-blob
        headers = {"Content-Type": content_type, "x-ms-blob-type": "BlockBlob"}
        url = str(self.url(name, expire=seconds, mode="c"))
        return {"method": "PUT", "url": url, "headers": headers, "form": {}}

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Open the file; raise FileNotFoundError here, where the base class fails only on the first read."""
        opened: File[bytes] = super()._open(name, mode)
        try:
            _ = opened.file
        except ResourceNotFoundError as error:
            raise FileNotFoundError(name) from error
        return opened
