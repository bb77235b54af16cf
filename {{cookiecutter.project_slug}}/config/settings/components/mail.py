"""Mail by SMTP, the API of a provider, or another backend; printed to the console by default."""

import re
from email.utils import getaddresses
from typing import Any

from config.env import Form, Host, Url, env

# Providers, with the name of Anymail's setting for the API key. https://anymail.dev/en/stable/esps/
_PROVIDERS = {
    "brevo": "API_KEY",
    "mailersend": "API_TOKEN",
    "mailgun": "API_KEY",
    "mailjet": "API_KEY",
    "mailtrap": "API_TOKEN",
    "mandrill": "API_KEY",
    "postmark": "SERVER_TOKEN",
    "resend": "API_KEY",
    "sparkpost": "API_KEY",
}
smtp_backend = "django.core.mail.backends.smtp.EmailBackend"
_BACKEND = Form(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", f"the dotted path of a class, such as {smtp_backend}")


def _sender(text: str) -> str:
    # Exactly one email; a display name is allowed.
    addresses = " ".join(address for _name, address in getaddresses([text]))
    if not (text.isprintable() and re.fullmatch(r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)*", addresses)):
        raise ValueError("must be an email such as no-reply@example.com, or Name <no-reply@example.com>")
    return text


EMAIL_HOST = env.text("EMAIL_HOST", form=Host)
EMAIL_USE_SSL = env.boolean("EMAIL_USE_SSL", default=False)
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", default=not EMAIL_USE_SSL)
EMAIL_PORT = env.integer("EMAIL_PORT", default=465 if EMAIL_USE_SSL else 587, minimum=1, maximum=65_535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", secret=True)
EMAIL_TIMEOUT = env.integer("EMAIL_TIMEOUT", default=10, minimum=1)
EMAIL_FILE_PATH = env.path("EMAIL_FILE_PATH", "mails")
EMAIL_BACKEND = env.text("EMAIL_BACKEND", form=_BACKEND)
EMAIL_PROVIDER = env.choice("EMAIL_PROVIDER", *_PROVIDERS, default="")
EMAIL_API_KEY = env.text("EMAIL_API_KEY", secret=True)
EMAIL_API_URL = env.text("EMAIL_API_URL", form=Url)
DEFAULT_FROM_EMAIL = env.parsed("DEFAULT_FROM_EMAIL", _sender, "no-reply@localhost")

if EMAIL_USE_SSL and EMAIL_USE_TLS:
    env.faults["EMAIL_USE_TLS"] = "must be false, or not set, with EMAIL_USE_SSL=true"
if EMAIL_PORT in ({25, 587} if EMAIL_USE_SSL else {465}):
    env.faults["EMAIL_PORT"] = "must be 465 with EMAIL_USE_SSL=true, and 587 without it"
if bool(EMAIL_HOST_USER) != bool(EMAIL_HOST_PASSWORD):
    env.faults["EMAIL_HOST_USER"] = "must be set together with EMAIL_HOST_PASSWORD, or neither"
if EMAIL_PROVIDER and (EMAIL_HOST or EMAIL_BACKEND):
    env.faults["EMAIL_PROVIDER"] = "must not be set together with EMAIL_HOST or EMAIL_BACKEND"
if bool(EMAIL_PROVIDER) != bool(EMAIL_API_KEY) or (EMAIL_API_URL and not EMAIL_PROVIDER):
    env.faults["EMAIL_API_KEY"] = "must be set together with EMAIL_PROVIDER, or neither"

# https://anymail.dev/en/stable/installation/#anymail-settings-reference
ANYMAIL: dict[str, Any] = {"REQUESTS_TIMEOUT": EMAIL_TIMEOUT}
if EMAIL_PROVIDER:
    _key, _, _secret = (
        EMAIL_API_KEY.partition(":") if EMAIL_PROVIDER == "mailjet" else (EMAIL_API_KEY, "", "")
    )
    _names = {_PROVIDERS[EMAIL_PROVIDER]: _key, "SECRET_KEY": _secret, "API_URL": EMAIL_API_URL}
    ANYMAIL |= {f"{EMAIL_PROVIDER.upper()}_{name}": value for name, value in _names.items() if value}
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
EMAIL_BACKEND = EMAIL_BACKEND or (smtp_backend if EMAIL_HOST else "apps.core.mail.ConsoleBackend")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
