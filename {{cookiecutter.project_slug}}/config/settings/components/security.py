"""Headers, cookies and origins. https://docs.djangoproject.com/en/stable/topics/security/"""

from decouple import Csv

from config.env import env

SECRET_KEY: str = env("SECRET_KEY", default="")
# Taken apart by hand: a key may hold characters that have a meaning for `Csv`.
SECRET_KEY_FALLBACKS: list[str] = [key for key in env("SECRET_KEY_FALLBACKS", default="").split(",") if key]
ALLOWED_HOSTS: list[str] = env("ALLOWED_HOSTS", default="", cast=Csv())
CSRF_TRUSTED_ORIGINS: list[str] = env("CSRF_TRUSTED_ORIGINS", default="", cast=Csv())
CORS_ALLOWED_ORIGINS: list[str] = env("CORS_ALLOWED_ORIGINS", default="", cast=Csv())
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = ["X-Request-ID", "X-API-Version", "Retry-After"]
# Not a secret, but a scanner that does not find the login page tries no passwords there.
ADMIN_URL: str = env("ADMIN_URL", default="admin/").strip("/") + "/"

CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "apps.core.views.csrf_failure"

# How many proxies in front append to X-Forwarded-For: the client is that many places from its end.
NUM_PROXIES: int = env("NUM_PROXIES", default=0, cast=int)

# Swagger UI and Redoc set inline styles, Redoc searches in a worker made from a blob.
_directives = {
    "default-src": ["'self'"],
    "base-uri": ["'none'"],
    "connect-src": ["'self'"],
    "font-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "img-src": ["'self'", "data:"],
    "object-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "worker-src": ["'self'", "blob:"],
}
# % if cookiecutter.django_version == "5.2"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": _directives}
# % endif
# % if cookiecutter.django_version == "6.1"
SECURE_CSP = _directives
# % endif
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in ("camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
}
