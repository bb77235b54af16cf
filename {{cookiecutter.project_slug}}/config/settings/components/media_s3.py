"""Uploads in a bucket of S3, or of a server that speaks like it. docs/media-s3.md

Without a bucket they stay on disk, so that nothing but the project is needed to develop.
"""

from typing import Any

from config.env import env
from config.settings.components import storage

MEDIA_REQUIRED = ["AWS_STORAGE_BUCKET_NAME"]

_bucket: str = env("AWS_STORAGE_BUCKET_NAME", default="")
_endpoint: str = env("AWS_S3_ENDPOINT_URL", default="")

if _bucket:
    _s3 = {
        "bucket_name": _bucket,
        # Without them boto3 asks for the role of the machine.
        "access_key": env("AWS_ACCESS_KEY_ID", default=None),
        "secret_key": env("AWS_SECRET_ACCESS_KEY", default=None),
        "region_name": env("AWS_S3_REGION_NAME", default=None),
        "endpoint_url": _endpoint or None,
        # Amazon's own choice leads to a host of another region, which refuses what was signed for this one.
        "addressing_style": env("AWS_S3_ADDRESSING_STYLE", default="path" if _endpoint else "virtual"),
        "signature_version": "s3v4",
        # Neither readable by everybody nor by an address that does not expire.
        "default_acl": None,
        "querystring_auth": True,
        "querystring_expire": storage.FILE_LINK_SECONDS,
        "file_overwrite": False,
        "max_memory_size": storage.FILE_UPLOAD_MAX_MEMORY_SIZE,
    }
    STORAGES: dict[str, Any] = {
        **storage.STORAGES,
        "default": {"BACKEND": "apps.core.storages.s3.PrivateS3Storage", "OPTIONS": _s3},
    }
