"""Mail by SMTP or any backend, printed while there is no host to send it to.

https://docs.djangoproject.com/en/6.1/topics/email/
"""

from typing import Any

from config.env import env

_host: str = env("EMAIL_HOST", default="")
_backend: str = env("EMAIL_BACKEND", default="") or (
    "django.core.mail.backends.smtp.EmailBackend" if _host else "apps.core.mail.ConsoleBackend"
)
_options: dict[str, dict[str, Any]] = {
    "django.core.mail.backends.smtp.EmailBackend": {
        "host": _host,
        "port": env("EMAIL_PORT", default=587, cast=int),
        "username": env("EMAIL_HOST_USER", default=""),
        "password": env("EMAIL_HOST_PASSWORD", default=""),
        "use_tls": env("EMAIL_USE_TLS", default=True, cast=bool),
        "use_ssl": env("EMAIL_USE_SSL", default=False, cast=bool),
        "timeout": env("EMAIL_TIMEOUT", default=10, cast=int),
    },
    "django.core.mail.backends.filebased.EmailBackend": {
        "file_path": env("EMAIL_FILE_PATH", default="mails"),
    },
}

MAILERS = {"default": {"BACKEND": _backend, "OPTIONS": _options.get(_backend, {})}}
DEFAULT_FROM_EMAIL: str = env("DEFAULT_FROM_EMAIL", default="no-reply@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
