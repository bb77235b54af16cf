"""Private files in S3 or an S3-compatible server. docs/media-s3.md"""

from typing import Any

from botocore.config import Config
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage


class PrivateS3Storage(S3Storage):
    """S3 storage with timeouts and signed download URLs."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        limits = Config(
            connect_timeout=5,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 3},
            # Many S3-compatible servers do not support the checksums that boto3 sends by default.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self.client_config: Config = Config().merge(self.client_config).merge(limits)

    def download_url(self, name: str, *, file_name: str, content_type: str, seconds: int) -> str:
        """Return a signed URL that makes the browser save the file as `file_name`."""
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        parameters = {
            "ResponseCacheControl": "private, no-store",
            "ResponseContentDisposition": content_disposition_header(True, file_name),  # noqa: FBT003 - Django's signature
            "ResponseContentType": content_type,
        }
        return str(self.url(name, parameters=parameters, expire=seconds))

    def upload_request(self, name: str, *, size: int, content_type: str, seconds: int) -> dict[str, Any]:
        """Return a signed form that uploads one object of exactly this size and content type."""
        # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
        fields = {"Content-Type": content_type}
        form: dict[str, Any] = self.connection.meta.client.generate_presigned_post(
            self.bucket.name,
            name,
            Fields=fields,
            Conditions=[fields, ["content-length-range", size, size]],
            ExpiresIn=seconds,
        )
        return {"method": "POST", "url": form["url"], "headers": {}, "form": form["fields"]}
