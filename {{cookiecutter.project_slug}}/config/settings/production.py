"""In production: no default for a secret, HTTPS only, logs as JSON."""

from django.core.exceptions import ImproperlyConfigured

from config.env import env, require
from config.settings.base import *

MIN_SECRET_KEY_BYTES = 32

require(
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "DEFAULT_FROM_EMAIL",
    "FRONTEND_URL",
    *([] if env("EMAIL_BACKEND", default="") else ["EMAIL_HOST"]),
    *MEDIA_REQUIRED,
    # % if cookiecutter.use_celery
    "CELERY_BROKER_URL",
    # % endif
)

# RFC 7518, section 3.2: the key of an HS256 signature, here of the tokens, has at least 256 bits.
for _name, _keys in {"SECRET_KEY": [SECRET_KEY], "SECRET_KEY_FALLBACKS": SECRET_KEY_FALLBACKS}.items():
    if any(len(_key.encode()) < MIN_SECRET_KEY_BYTES for _key in _keys):
        raise ImproperlyConfigured(f"{_name} has less than {MIN_SECRET_KEY_BYTES} bytes: make a new one.")

# The proxy in front ends TLS and sets this header on every request.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_NAME = "__Host-sessionid"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_COOKIE_SECURE = True

LOGGING["handlers"]["console"]["formatter"] = "json"
