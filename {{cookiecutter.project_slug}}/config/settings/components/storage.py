"""Static files served by WhiteNoise, and private uploads on disk unless a bucket is configured.

`MEDIA_URL` is empty: uploads are served by views or by signed URLs that expire.
"""

from typing import Any

from config.env import BASE_DIR, env

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Files without a hash in their name are not served.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = env.path("MEDIA_ROOT", "media")
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        # Readable by the user of the process, which need not be the one that collects them.
        "OPTIONS": {"file_permissions_mode": 0o644},
    },
}
# Maximum file size in forms, for all routes. The body limit of the proxy must be slightly higher.
FILE_MAX_BYTES = env.integer("FILE_MAX_BYTES", default=10_485_760, minimum=1)
# Larger uploads are spooled to a temporary file; larger bodies without a file are rejected.
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_PERMISSIONS = 0o640
