"""Uploads in a bucket of S3 or an S3-compatible server. docs/media-s3.md

Without a bucket, uploads are stored on disk, so that development needs no service.
"""

from typing import Any

from config.env import Form, Url, env
from config.settings.components import storage

MEDIA_REQUIRED = ["AWS_STORAGE_BUCKET_NAME"]
# Lifetime of the URLs that `storage.url()` signs.
MEDIA_LINK_SECONDS = 300

_BUCKET = Form(
    r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}|arn:[^\s]+", "a bucket's name without s3://, such as my-uploads"
)
_REGION = Form(r"[a-z0-9-]+", "a region's name, such as eu-central-1")

_bucket = env.text("AWS_STORAGE_BUCKET_NAME", form=_BUCKET)
_key = env.text("AWS_ACCESS_KEY_ID", secret=True)
_secret = env.text("AWS_SECRET_ACCESS_KEY", secret=True)
_region = env.text("AWS_S3_REGION_NAME", form=_REGION)
_endpoint = env.text("AWS_S3_ENDPOINT_URL", form=Url)
_style = env.choice("AWS_S3_ADDRESSING_STYLE", "auto", "path", "virtual", default="")
if bool(_key) != bool(_secret):
    env.faults["AWS_ACCESS_KEY_ID"] = "must be set together with AWS_SECRET_ACCESS_KEY, or neither"

if _bucket:
    _s3 = {
        "bucket_name": _bucket,
        # Without keys, boto3 uses the IAM role of the machine.
        "access_key": _key or None,
        "secret_key": _secret or None,
        "region_name": _region or None,
        "endpoint_url": _endpoint or None,
        # The default "auto" may use the host of another region, which rejects the signature.
        "addressing_style": _style or ("path" if _endpoint else "virtual"),
        "signature_version": "s3v4",
        # Private objects; all URLs are signed and expire.
        "default_acl": None,
        "querystring_auth": True,
        "querystring_expire": MEDIA_LINK_SECONDS,
        "file_overwrite": False,
        "max_memory_size": storage.FILE_UPLOAD_MAX_MEMORY_SIZE,
    }
    STORAGES: dict[str, Any] = {
        **storage.STORAGES,
        "default": {"BACKEND": "infrastructure.storage.s3.PrivateS3Storage", "OPTIONS": _s3},
    }
