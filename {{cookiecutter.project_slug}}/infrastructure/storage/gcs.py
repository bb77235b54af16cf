"""Private files in Google Cloud Storage. docs/media-gcs.md"""

from datetime import timedelta
from typing import Any

from django.utils.http import content_disposition_header
from google.cloud.storage.retry import DEFAULT_RETRY
from google.oauth2.service_account import Credentials
from storages.backends.gcloud import GoogleCloudStorage

# Total timeout of each call. There is no setting for it, and the default of two minutes would block a thread.
DEFAULT_RETRY._timeout = 20.0  # noqa: SLF001


class PrivateGoogleStorage(GoogleCloudStorage):
    """Google storage with signed download URLs.

    URLs are signed locally with a service account key, or by the IAM API with the machine's service account,
    which has no key file.
    """

    def __init__(self, *, credentials_file: str, **settings: Any) -> None:
        super().__init__(**settings)
        if credentials_file:
            self.credentials = Credentials.from_service_account_file(
                credentials_file, scopes=["https://www.googleapis.com/auth/devstorage.read_write"]
            )
        else:
            self.iam_sign_blob = True

    def download_url(self, name: str, *, file_name: str, content_type: str, seconds: int) -> str:
        """Return a signed URL that makes the browser save the file as `file_name`."""
        # https://cloud.google.com/storage/docs/authentication/signatures
        parameters = {
            "expiration": timedelta(seconds=seconds),
            "response_disposition": content_disposition_header(True, file_name),  # noqa: FBT003 - Django's signature
            "response_type": content_type,
        }
        return str(self.url(name, parameters=parameters))

    def upload_request(self, name: str, *, size: int, content_type: str, seconds: int) -> dict[str, Any]:
        """Return a signed PUT request that uploads one object of exactly this size and content type."""
        # https://cloud.google.com/storage/docs/xml-api/reference-headers#xgoogcontentlengthrange
        limit = {"x-goog-content-length-range": f"{size},{size}"}
        parameters = {
            "method": "PUT",
            "expiration": timedelta(seconds=seconds),
            "content_type": content_type,
            # The generator of the URL adds `host` to this dictionary.
            "headers": dict(limit),
        }
        url = str(self.url(name, parameters=parameters))
        return {"method": "PUT", "url": url, "headers": {"Content-Type": content_type, **limit}, "form": {}}
