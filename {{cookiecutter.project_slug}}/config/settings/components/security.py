"""Headers, cookies and origins. https://docs.djangoproject.com/en/stable/topics/security/"""

from corsheaders.defaults import default_headers

from config.env import AllowedHost, Form, Origin, env

SECRET_KEY = env.text("SECRET_KEY", secret=True)
SECRET_KEY_FALLBACKS: list[str] = env.parsed(
    "SECRET_KEY_FALLBACKS", lambda text: [key for key in text.split(",") if key], [], secret=True
)
ALLOWED_HOSTS = env.texts("ALLOWED_HOSTS", form=AllowedHost)
CSRF_TRUSTED_ORIGINS = env.texts("CSRF_TRUSTED_ORIGINS", form=Origin)
CORS_ALLOWED_ORIGINS = env.texts("CORS_ALLOWED_ORIGINS", form=Origin)
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "if-match", "if-modified-since", "if-none-match", "x-request-id"]
CORS_EXPOSE_HEADERS = ["Content-Disposition", "ETag", "Retry-After", "WWW-Authenticate", "X-Request-ID"]
# Not a secret, but scanners that do not find the login page try no passwords.
_ADMIN_URL = Form(
    r"/?(?!(?:api|flower|health|static)(?:/|$))[\w~-][\w.~-]*(?:/[\w~-][\w.~-]*)*/?",
    "a path such as admin/, not below api/, flower/, health/ or static/",
)
ADMIN_URL = env.text("ADMIN_URL", "admin/", form=_ADMIN_URL).strip("/") + "/"

CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "infrastructure.http.error_views.csrf_failure"

# Number of reverse proxies that append to X-Forwarded-For; the client IP is at this position from the end.
NUM_PROXIES = env.integer("NUM_PROXIES", default=0)
# Maximum duration of a request in seconds, enforced by the gunicorn worker classes.
WEB_REQUEST_TIMEOUT = env.integer("WEB_REQUEST_TIMEOUT", default=60, minimum=1)

# Accepted warnings of `check --deploy`.
SILENCED_SYSTEM_CHECKS = env.texts(
    "SILENCED_SYSTEM_CHECKS", form=Form(r"\w+\.[CEIW]\d{3}", "ids of checks, such as core.W001,core.W003")
)

# Swagger UI and Redoc need inline styles; the search of Redoc needs a worker from a blob URL.
SECURE_CSP = {
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
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "gyroscope", "microphone", "payment", "usb")
)
