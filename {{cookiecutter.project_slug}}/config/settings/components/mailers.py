"""Mail settings for Django 6.1 (`MAILERS`), from `mail.py`.

https://docs.djangoproject.com/en/6.1/topics/email/
"""

from typing import Any

from config.settings.components import mail

_options: dict[str, dict[str, Any]] = {
    mail.smtp_backend: {
        "host": mail.EMAIL_HOST,
        "port": mail.EMAIL_PORT,
        "username": mail.EMAIL_HOST_USER,
        "password": mail.EMAIL_HOST_PASSWORD,
        "use_tls": mail.EMAIL_USE_TLS,
        "use_ssl": mail.EMAIL_USE_SSL,
        "timeout": mail.EMAIL_TIMEOUT,
    },
    "django.core.mail.backends.filebased.EmailBackend": {"file_path": mail.EMAIL_FILE_PATH},
}

MAILERS = {"default": {"BACKEND": mail.EMAIL_BACKEND, "OPTIONS": _options.get(mail.EMAIL_BACKEND, {})}}
ANYMAIL = mail.ANYMAIL
DEFAULT_FROM_EMAIL = SERVER_EMAIL = mail.DEFAULT_FROM_EMAIL
