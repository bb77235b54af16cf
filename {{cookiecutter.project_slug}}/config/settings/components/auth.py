"""Accounts, passwords, tokens and lock-out."""

from datetime import timedelta

from config.env import env

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    # First, so that no password is checked while locked out.
    "apps.users.authentication.LoginLimitBackend",
    "apps.users.authentication.VerifiedEmailBackend",
]
PASSWORD_HASHERS = [
    "apps.users.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "apps.users.canonical.CanonicalPasswordValidator",
        "OPTIONS": {"name": f"django.contrib.auth.password_validation.{name}", **options},
    }
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
    )
]
EMAIL_VERIFICATION_TIMEOUT = timedelta(days=3)
PASSWORD_RESET_TIMEOUT = 3600

# https://django-rest-framework-simplejwt.readthedocs.io/en/latest/settings.html
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "USER_ID_CLAIM": "sub",
    "AUTH_TOKEN_CLASSES": ["apps.users.tokens.AccessToken"],
}

# https://django-axes.readthedocs.io/en/latest/4_configuration.html
AXES_FAILURE_LIMIT: int = env.integer("LOGIN_FAILURE_LIMIT", default=5, minimum=1)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_HTTP_RESPONSE_CODE = 429
AXES_CLIENT_IP_CALLABLE = "apps.core.clients.lockout_address"
AXES_USERNAME_CALLABLE = "apps.users.authentication.lockout_key"
AXES_VERBOSE = False
# Trying on while locked out does not make it longer.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# Lock-outs are lifted by docs/runbooks/locked-out-user.md; its tables hold digests, of no use in the admin.
AXES_ENABLE_ADMIN = False
# What it stores names nobody: the key is a digest, and these fields of a form are masked.
AXES_SENSITIVE_PARAMETERS = ["username", "email", "password"]
