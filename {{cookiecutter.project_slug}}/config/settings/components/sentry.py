"""Error reporting to Sentry if `SENTRY_DSN` is set. docs/sentry.md"""

from config import project
from config.env import Form, env

_DSN = Form(
    r"https?://[^\s/@?#]+@[^\s/@?#]+(?:/[^\s/?#]+)*/\d+", "a DSN such as https://key@o1.ingest.sentry.io/2"
)
_TAG = Form(r"[^\s/\\]{1,200}", "a name without spaces and slashes, such as production")

SENTRY_DSN = env.text("SENTRY_DSN", form=_DSN, secret=True)
# Default: the last part of `DJANGO_SETTINGS_MODULE`.
SENTRY_ENVIRONMENT = env.text("SENTRY_ENVIRONMENT", form=_TAG)
SENTRY_RELEASE = env.text("SENTRY_RELEASE", f"{project.NAME}@{project.VERSION}", form=_TAG)
SENTRY_SAMPLE_RATE = env.fraction("SENTRY_SAMPLE_RATE", default=1.0)
# Send an allowlist of fields only.
SENTRY_STRICT = env.boolean("SENTRY_STRICT", default=False)
SENTRY_TRACES_SAMPLE_RATE = env.fraction("SENTRY_TRACES_SAMPLE_RATE", default=0.0)
