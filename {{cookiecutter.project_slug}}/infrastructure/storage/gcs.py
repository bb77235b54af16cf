"""Private objects in Google Cloud Storage. docs/media-gcs.md"""

from datetime import timedelta
from typing import Any

from django.utils.http import content_disposition_header
from google.cloud.storage.retry import DEFAULT_RETRY
from google.oauth2.service_account import Credentials
from storages.backends.gcloud import GoogleCloudStorage

# Of every call, and there is no setting for it: two minutes would keep a thread from all other requests.
DEFAULT_RETRY._timeout = 20.0  # noqa: SLF001


class PrivateGoogleStorage(GoogleCloudStorage):
    """Signs links that make a browser save what they lead to.

    With the key of a service account it signs them itself; in the role of its machine, which has no key, it
    asks for each signature.
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
        """Return a signed URL that makes a browser save the object under `file_name`."""
        # https://cloud.google.com/storage/docs/authentication/signatures
        parameters = {
            "expiration": timedelta(seconds=seconds),
            "response_disposition": content_disposition_header(True, file_name),  # noqa: FBT003 - Django's signature
            "response_type": content_type,
        }
        return str(self.url(name, parameters=parameters))
