"""Accounts, passwords, tokens and lockout."""

from datetime import timedelta

from config import project
from config.env import env

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    # First, so that no password is checked during a lockout.
    "apps.users.backends.LoginLimitBackend",
    "apps.users.backends.VerifiedEmailBackend",
]
PASSWORD_HASHERS = [
    "apps.users.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
    )
]
# Lifetimes of emailed links, and Django's upper limit of both, in seconds.
EMAIL_VERIFICATION_TIMEOUT = timedelta(days=3)
PASSWORD_LINK_TIMEOUT = timedelta(hours=1)
PASSWORD_RESET_TIMEOUT = int(EMAIL_VERIFICATION_TIMEOUT.total_seconds())

# https://django-rest-framework-simplejwt.readthedocs.io/en/latest/settings.html
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ISSUER": env.text("TOKEN_ISSUER", project.NAME),
    "AUDIENCE": env.text("TOKEN_AUDIENCE") or None,
    "LEEWAY": 10,
    "USER_ID_CLAIM": "sub",
    "AUTH_TOKEN_CLASSES": ["apps.users.authentication.AccessToken"],
}
# Absolute lifetime of a session, regardless of refreshes.
SESSION_LIFETIME = timedelta(days=env.integer("SESSION_LIFETIME_DAYS", default=90, minimum=1, maximum=3650))
# Grace period in which the previous refresh token returns the same successor again; 0 for none.
REFRESH_GRACE_SECONDS = env.integer("REFRESH_GRACE_SECONDS", default=30, maximum=3600)
# Time after a login in which destructive requests need no password.
RECENT_LOGIN_SECONDS = env.integer("RECENT_LOGIN_SECONDS", default=600, maximum=86_400)

# https://django-axes.readthedocs.io/en/latest/4_configuration.html
AXES_FAILURE_LIMIT: int = env.integer("LOGIN_FAILURE_LIMIT", default=5, minimum=1)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_HTTP_RESPONSE_CODE = 429
AXES_CLIENT_IP_CALLABLE = "apps.core.api.client_ip.lockout_address"
AXES_USERNAME_CALLABLE = "apps.users.canonical.lockout_key"
AXES_VERBOSE = False
# Attempts during a lockout do not extend it.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# The tables contain digests, which are useless in the admin. To unlock: docs/runbooks/accounts.md.
AXES_ENABLE_ADMIN = False
# No personal data is stored: the key is a digest, and these form fields are masked.
AXES_SENSITIVE_PARAMETERS = ["username", "email", "password"]
