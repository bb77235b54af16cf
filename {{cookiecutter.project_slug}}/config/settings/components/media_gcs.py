"""Uploads in a bucket of Google Cloud Storage. docs/media-gcs.md

Without a bucket they stay on disk, so that nothing but the project is needed to develop.
"""

from datetime import timedelta
from typing import Any

from config.env import env
from config.settings.components import storage

MEDIA_REQUIRED = ["GS_BUCKET_NAME"]

_bucket: str = env("GS_BUCKET_NAME", default="")

if _bucket:
    _gcs = {
        "bucket_name": _bucket,
        "project_id": env("GS_PROJECT_ID", default=None),
        # Without it Google's libraries ask for the role of the machine.
        "credentials_file": env("GS_CREDENTIALS_FILE", default=""),
        # Neither readable by everybody nor by an address that does not expire.
        "default_acl": None,
        "querystring_auth": True,
        "expiration": timedelta(seconds=storage.FILE_LINK_SECONDS),
        "file_overwrite": False,
        "max_memory_size": storage.FILE_UPLOAD_MAX_MEMORY_SIZE,
    }
    STORAGES: dict[str, Any] = {
        **storage.STORAGES,
        "default": {"BACKEND": "apps.core.storages.gcs.PrivateGoogleStorage", "OPTIONS": _gcs},
    }
