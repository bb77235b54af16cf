"""Production settings: no default secrets, HTTPS only, JSON logs."""

from config.env import env
from config.settings.base import *

MIN_SECRET_KEY_BYTES = 32

env.require(
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
    "DEFAULT_FROM_EMAIL",
    "FRONTEND_URL",
    *([] if {"EMAIL_BACKEND", "EMAIL_PROVIDER"} & env.given else ["EMAIL_HOST"]),
    *MEDIA_REQUIRED,
    # % if "shop" in cookiecutter.__features
    *SHOP_REQUIRED,
    # % endif
    # % if cookiecutter.use_celery
    "CELERY_BROKER_URL",
    # % endif
)

# RFC 7518, section 3.2: keys of HS256 signatures, used for the tokens, must have at least 256 bits.
for _name, _keys in {"SECRET_KEY": [SECRET_KEY], "SECRET_KEY_FALLBACKS": SECRET_KEY_FALLBACKS}.items():
    if any(0 < len(_key.encode()) < MIN_SECRET_KEY_BYTES for _key in _keys):
        env.faults[_name] = (
            f"must have {MIN_SECRET_KEY_BYTES} bytes or more, see docs/runbooks/rotate-secrets.md"
        )

# The reverse proxy terminates TLS and sets this header on every request.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_NAME = "__Host-sessionid"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_COOKIE_SECURE = True

if LOG_SQL and "LOG_SQL" in env.given:
    env.faults["LOG_SQL"] = "must be false in production, because the parameters may be personal data"

# % if "shop" in cookiecutter.__features
if SHOP_PAYMENT_PROVIDER == "fake" and "SHOP_PAYMENT_PROVIDER" in env.given:
    env.faults["SHOP_PAYMENT_PROVIDER"] = "must be stripe in production, because fake charges no money"

# % endif
LOGGING["handlers"]["console"]["formatter"] = "json"

env.check()
