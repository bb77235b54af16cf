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
# The largest file in a form, for every route. The body limit of a proxy must be a little higher.
FILE_MAX_BYTES = env.integer("FILE_MAX_BYTES", default=10_485_760, minimum=1)
# Uploads that are larger go to a temporary file, larger bodies without a file are refused.
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_PERMISSIONS = 0o640
