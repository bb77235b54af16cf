"""Uploads in a bucket of Google Cloud Storage. docs/media-gcs.md

Without a bucket, uploads are stored on disk, so that development needs no service.
"""

from datetime import timedelta
from typing import Any

from config.env import BASE_DIR, Form, env
from config.settings.components import storage

MEDIA_REQUIRED = ["GS_BUCKET_NAME"]
# Lifetime of the URLs that `storage.url()` signs.
MEDIA_LINK_SECONDS = 300


def _file(text: str) -> str:
    if not (BASE_DIR / text).is_file():
        raise ValueError("must be the path of a file that exists")
    return str(BASE_DIR / text)


_BUCKET = Form(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", "a bucket's name without gs://, such as my-uploads")
_PROJECT = Form(r"[a-z0-9][a-z0-9.:-]*", "a project's id, such as my-project-123")

_bucket = env.text("GS_BUCKET_NAME", form=_BUCKET)
_project = env.text("GS_PROJECT_ID", form=_PROJECT)
_credentials = env.parsed("GS_CREDENTIALS_FILE", _file, "")

if _bucket:
    _gcs = {
        "bucket_name": _bucket,
        "project_id": _project or None,
        # Without a file, the service account of the machine is used.
        "credentials_file": _credentials,
        # Private objects; all URLs are signed and expire.
        "default_acl": None,
        "querystring_auth": True,
        "expiration": timedelta(seconds=MEDIA_LINK_SECONDS),
        "file_overwrite": False,
        "max_memory_size": storage.FILE_UPLOAD_MAX_MEMORY_SIZE,
    }
    STORAGES: dict[str, Any] = {
        **storage.STORAGES,
        "default": {"BACKEND": "infrastructure.storage.gcs.PrivateGoogleStorage", "OPTIONS": _gcs},
    }
