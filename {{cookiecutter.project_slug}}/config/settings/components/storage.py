"""Static files by WhiteNoise; uploads on disk, outside of what is served, until a bucket is named.

`MEDIA_URL` stays empty: what was uploaded is handed out by views, or by links that are signed and expire.
"""

from typing import Any

from config.env import BASE_DIR, env

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# The plain names are not served.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = env.path("MEDIA_ROOT", "media")
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Of one file. Proxies in front must let a body pass that is a little larger.
FILE_MAX_BYTES = env.integer("FILE_MAX_BYTES", default=10_485_760, minimum=1)
FILE_QUOTA_BYTES = env.integer("FILE_QUOTA_BYTES", default=1_073_741_824, minimum=1, maximum=2**63 - 1)
# S3 and Google sign for seven days at most.
FILE_LINK_SECONDS = env.integer("FILE_LINK_SECONDS", default=300, minimum=1, maximum=604_800)
# Of those that apps/files/content_validation.py can tell from others.
FILE_EXTENSIONS = ["csv", "docx", "gif", "jpeg", "jpg", "pdf", "png", "txt", "webp", "xlsx"]
# Uploads that are larger go to a temporary file, larger bodies without a file are refused.
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_PERMISSIONS = 0o640
