"""File uploads of users. docs/files.md"""

from config.env import Form, env
from config.settings.components.api import SPECTACULAR_SETTINGS, THROTTLE_RATES

_CLAMD = Form(
    r"tcp://(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}|unix:///\S+",
    "a URL such as tcp://clamav:3310 or unix:///run/clamav/clamd.ctl",
)

FILE_QUOTA_BYTES = env.integer("FILE_QUOTA_BYTES", default=1_073_741_824, minimum=1, maximum=2**63 - 1)
# S3 and Google sign URLs for seven days at most.
FILE_LINK_SECONDS = env.integer("FILE_LINK_SECONDS", default=300, minimum=1, maximum=604_800)
# Maximum size of files that are uploaded in several requests, or directly to the bucket.
FILE_UPLOAD_MAX_BYTES = env.integer(
    "FILE_UPLOAD_MAX_BYTES", default=104_857_600, minimum=1, maximum=5_000_000_000
)
# Such an upload must be completed within this time, at most a day: see `GRACE` in
# apps/files/services/cleanup.py.
FILE_UPLOAD_SECONDS = 86_400
THROTTLE_RATES["upload"] = "20/minute,500/day"
# Retention of the download log of shared files.
FILE_LOG_DAYS = env.integer("FILE_LOG_DAYS", default=90, minimum=1, maximum=3650)
# A subset of the keys of `FILE_TYPES` in apps/files/content_validation.py.
FILE_EXTENSIONS = ["csv", "docx", "gif", "jpeg", "jpg", "pdf", "png", "txt", "webp", "xlsx"]
# Remove metadata, such as the GPS position, from JPEG, PNG and WebP images before they are stored.
FILE_STRIP_METADATA = True
# Function that processes a file after its upload.
# % if not cookiecutter.use_celery
FILE_QUEUE = "apps.files.services.processing.process_inline"
# % endif
# % if cookiecutter.use_celery
FILE_QUEUE = "apps.files.tasks.file_process_queue"
# % endif
# Virus scanner; without it, files are available without a scan.
CLAMD_URL = env.text("CLAMD_URL", form=_CLAMD)
SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"] |= {"FileStatusEnum": "apps.files.models.StoredFile.Status"}
