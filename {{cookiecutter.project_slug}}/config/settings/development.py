"""Development settings: no services required, strict checks."""

from urllib.parse import urlsplit

from config.env import env
from config.settings.base import *

DEBUG = True
SECRET_KEY = SECRET_KEY or "only-for-development-" + "x" * 40
ALLOWED_HOSTS += [".localhost", "127.0.0.1", "[::1]"]
CORS_ALLOWED_ORIGINS = CORS_ALLOWED_ORIGINS or ["{0.scheme}://{0.netloc}".format(urlsplit(FRONTEND_URL))]

# % if "notifications" in cookiecutter.__features
API_URL = API_URL if "API_URL" in env.given else "http://localhost:8000"

# % endif
# Commands and pages for developers; `tools` is not in the image.
INSTALLED_APPS += ["tools.development", "debug_toolbar"]
ROOT_URLCONF = "tools.development.urls"

# https://django-debug-toolbar.readthedocs.io/en/latest/configuration.html
# After the middleware of compression and ETags, which need the final content.
MIDDLEWARE.insert(
    MIDDLEWARE.index("django.middleware.http.ConditionalGetMiddleware") + 1,
    "debug_toolbar.middleware.DebugToolbarMiddleware",
)
INTERNAL_IPS = ["127.0.0.1", "::1"]
DEBUG_TOOLBAR_CONFIG = {
    # Also for the gateway of the network of a container, from which its published port is reached.
    "SHOW_TOOLBAR_CALLBACK": "debug_toolbar.middleware.show_toolbar_with_docker",
    "SHOW_COLLAPSED": True,
    # Show the last request of "Try it out" in the API documentation.
    "UPDATE_ON_FETCH": True,
}

# WhiteNoise serves static files, as in production: the view of `runserver` bypasses the middleware.
INSTALLED_APPS.insert(0, "whitenoise.runserver_nostatic")

# Raises on N+1 queries. https://github.com/taobojlen/django-zeal
INSTALLED_APPS += ["zeal", "django_migration_linter"]
MIDDLEWARE += ["zeal.middleware.zeal_middleware"]
ZEAL_RAISE = True
# An admin page loads the requesting user and the displayed user from the same line of a middleware.
ZEAL_ALLOWLIST = [{"model": model, "field": "get()"} for model in ("users.User", "sessions.Session")]
# % if "blog" in cookiecutter.__features
# The form of a category loads its parent.
ZEAL_ALLOWLIST.append({"model": "blog.Category", "field": "get()"})

# % endif

# https://github.com/3YOURMIND/django-migration-linter/blob/main/docs/usage.md
MIGRATION_LINTER_OPTIONS = {
    "include_apps": [app.removeprefix("apps.") for app in INSTALLED_APPS if app.startswith("apps.")],
    # Before its initial migration, no running code uses a table.
    "ignore_initial_migrations": True,
    "no_cache": True,
    # SQLite recreates changed tables with all NOT NULL constraints; tests/test_migrations.py checks those.
    "exclude_migration_tests": ["NOT_NULL"] if DATABASES["default"]["ENGINE"].endswith("sqlite3") else [],
    "quiet": ["ok", "ignore"],
}

REST_FRAMEWORK["DEFAULT_RENDERER_CLASSES"] += ["apps.core.api.renderers.BrowsableAPIRenderer"]
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] += ["rest_framework.authentication.SessionAuthentication"]

STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# Only in development: SQL is logged with its parameters, which may be personal data.
if LOG_SQL:
    LOGGING["loggers"]["django.db.backends"]["level"] = "DEBUG"

env.check()
