"""Settings shared by all environments. `components/` has one file per topic."""

# % if false
# fmt: off
# % endif
from config.env import BASE_DIR, Url, env
# % if cookiecutter.admin_theme == "jazzmin"
from config.settings.components.admin_jazzmin import *
# % endif
# % if cookiecutter.admin_theme == "unfold"
from config.settings.components.admin_unfold import *
# % endif
# % if cookiecutter.admin_theme == "django"
from config.settings.components.admin_django import *
# % endif
from config.settings.components.api import *
from config.settings.components.auth import *
# % if "blog" in cookiecutter.__features
from config.settings.components.blog import *
# % endif
from config.settings.components.cache import *
# % if cookiecutter.use_celery
from config.settings.components.celery import *
# % endif
from config.settings.components.database import *
# % if "durable_tasks" in cookiecutter.__features
from config.settings.components.durable_tasks import *
# % endif
# % if cookiecutter.django_version == "5.2"
from config.settings.components.email import *
# % endif
# % if "files" in cookiecutter.__features
from config.settings.components.files import *
# % endif
from config.settings.components.i18n import *
from config.settings.components.logging import *
# % if cookiecutter.django_version == "6.1"
from config.settings.components.mailers import *
# % endif
# % if "mqtt" in cookiecutter.__features
from config.settings.components.mqtt import *
# % endif
# % if "notifications" in cookiecutter.__features
from config.settings.components.notifications import *
# % endif
# % if cookiecutter.use_channels
from config.settings.components.realtime import *
# % endif
# % if "reports" in cookiecutter.__features
from config.settings.components.reports import *
# % endif
# % if "search" in cookiecutter.__features
from config.settings.components.search import *
# % endif
# % if "shop" in cookiecutter.__features
from config.settings.components.shop import *
# % endif
from config.settings.components.storage import *
# % if cookiecutter.media_storage == "azure"
from config.settings.components.media_azure import *
# % endif
# % if cookiecutter.media_storage == "gcs"
from config.settings.components.media_gcs import *
# % endif
# % if cookiecutter.media_storage == "s3"
from config.settings.components.media_s3 import *
# % endif
# % if cookiecutter.media_storage == "filesystem"
from config.settings.components.media_filesystem import *
# % endif
# % if cookiecutter.use_opentelemetry
from config.settings.components.telemetry import *
# % endif
from config.settings.components.security import *
from config.settings.components.sentry import *

# % if false
# fmt: on
# % endif
DEBUG = False

INSTALLED_APPS = [
    *ADMIN_APPS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # % if "blog" in cookiecutter.__features
    "django.contrib.sitemaps",
    # % endif
    "django.contrib.staticfiles",
    "axes",
    "corsheaders",
    "django_filters",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "rest_framework",
    # % if "blog" in cookiecutter.__features
    "apps.blog",
    # % endif
    "apps.core",
    # % if "files" in cookiecutter.__features
    "apps.files",
    # % endif
    # % if "mqtt" in cookiecutter.__features
    "apps.mqtt",
    # % endif
    # % if "notifications" in cookiecutter.__features
    "apps.notifications",
    # % endif
    # % if cookiecutter.use_channels
    "apps.realtime",
    # % endif
    # % if "reports" in cookiecutter.__features
    "apps.reports",
    # % endif
    # % if "search" in cookiecutter.__features
    "apps.search",
    # % endif
    # % if "shop" in cookiecutter.__features
    "apps.shop",
    # % endif
    # % if "durable_tasks" in cookiecutter.__features
    "infrastructure.durable_tasks",
    # % endif
    # % if cookiecutter.use_celery
    "infrastructure.tasks",
    # % endif
    # % if cookiecutter.use_opentelemetry
    "infrastructure.telemetry",
    # % endif
    "apps.users",
]

MIDDLEWARE = [
    # First, so that the responses and log lines of all other middleware have a request id.
    "infrastructure.http.middleware.RequestLogMiddleware",
    # Before host and HTTPS checks: probes use the IP address and plain HTTP.
    "infrastructure.http.middleware.HealthCheckMiddleware",
    # % if cookiecutter.use_channels
    "apps.realtime.middleware.StreamMiddleware",
    # % endif
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "infrastructure.http.middleware.PolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "infrastructure.http.middleware.FailureMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    # Before middleware that reads the body, after CORS, whose headers the error response needs.
    "infrastructure.http.middleware.BodyLimitMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "infrastructure.http.middleware.CacheControlMiddleware",
    "infrastructure.http.middleware.ReplicaMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
# % if cookiecutter.use_channels
ASGI_APPLICATION = "config.asgi.application"
# % endif
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Run background jobs, such as sending mail, in threads; if False, synchronously.
BACKGROUND_THREADS = True
# Function that sends mail outside the request.
# % if not cookiecutter.use_celery
MAIL_QUEUE = "apps.core.mail.mail_in_thread"

# % endif
# % if cookiecutter.use_celery
MAIL_QUEUE = "apps.core.tasks.mail_queue"

# % endif

# Links in mails point to the web application, not to this API.
FRONTEND_URL = env.text("FRONTEND_URL", "http://localhost:3000", form=Url).rstrip("/")
