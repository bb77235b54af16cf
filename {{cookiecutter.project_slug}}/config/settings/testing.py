"""Test settings: fast, strict, independent of the shell and `.env` except for database and Redis."""

from datetime import timedelta

from config.env import env

env.keep_only("DATABASE_URL", "PGPASSWORD", "PGSSLMODE", "REDIS_URL")

from config.settings.base import *  # noqa: E402 - reads the remaining variables

SECRET_KEY = "only-for-tests-" + "x" * 50
SECRET_KEY_FALLBACKS = []
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
FRONTEND_URL = "https://app.example.com"
ADMIN_URL = "admin/"
NUM_PROXIES = 0
AXES_FAILURE_LIMIT = 5
SIMPLE_JWT |= {"ISSUER": "tests", "AUDIENCE": None}
SESSION_LIFETIME = timedelta(days=90)
REFRESH_GRACE_SECONDS = 30
RECENT_LOGIN_SECONDS = 600
BACKGROUND_THREADS = False
# % if cookiecutter.use_celery
CELERY_BROKER_URL = CELERY_BROKER_READ_URL = CELERY_BROKER_WRITE_URL = "memory://"
CELERY_TASK_ALWAYS_EAGER = True
# % endif
CORS_ALLOWED_ORIGINS = [FRONTEND_URL]
# % if cookiecutter.use_opentelemetry
OTEL_EXPORTER_OTLP_ENDPOINT = ""
# % endif
SENTRY_DSN = ""

INSTALLED_APPS += ["zeal", "tests.sampleapp"]
MIDDLEWARE += ["zeal.middleware.zeal_middleware"]
ZEAL_RAISE = True
# An admin page loads the requesting user and the displayed user from the same line of a middleware.
ZEAL_ALLOWLIST = [{"model": model, "field": "get()"} for model in ("users.User", "sessions.Session")]
# % if "blog" in cookiecutter.__features
# The form of a category loads its parent.
ZEAL_ALLOWLIST.append({"model": "blog.Category", "field": "get()"})

# % endif

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
THROTTLE_RATES = dict.fromkeys(THROTTLE_RATES, "none")
REST_FRAMEWORK["TEST_REQUEST_DEFAULT_FORMAT"] = "json"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# On a busy machine, the timeouts of production would open the circuit of Redis.
for _cache in CACHES.values():
    _cache["OPTIONS"] |= {"SOCKET_CONNECT_TIMEOUT": 10, "SOCKET_TIMEOUT": 10}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

env.check()
