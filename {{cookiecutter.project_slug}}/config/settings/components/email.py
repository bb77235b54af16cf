"""Mail by SMTP or any backend, printed while there is no host to send it to.

https://docs.djangoproject.com/en/5.2/topics/email/
"""

from config.env import env

EMAIL_HOST: str = env("EMAIL_HOST", default="")
EMAIL_PORT: int = env("EMAIL_PORT", default=587, cast=int)
EMAIL_HOST_USER: str = env("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD: str = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS: bool = env("EMAIL_USE_TLS", default=True, cast=bool)
EMAIL_USE_SSL: bool = env("EMAIL_USE_SSL", default=False, cast=bool)
EMAIL_TIMEOUT: int = env("EMAIL_TIMEOUT", default=10, cast=int)
EMAIL_FILE_PATH: str = env("EMAIL_FILE_PATH", default="mails")
EMAIL_BACKEND: str = env("EMAIL_BACKEND", default="") or (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "apps.core.mail.ConsoleBackend"
)
DEFAULT_FROM_EMAIL: str = env("DEFAULT_FROM_EMAIL", default="no-reply@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
