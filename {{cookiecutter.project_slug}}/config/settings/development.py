"""On a developer's machine: no service needed, mistakes shown early."""

from config.env import env
from config.settings.base import *

DEBUG = True
SECRET_KEY = env("SECRET_KEY", default="") or "only-for-development-" + "x" * 40
ALLOWED_HOSTS = ["*"]
CORS_ALLOWED_ORIGINS = CORS_ALLOWED_ORIGINS or [FRONTEND_URL]

# Raises on N+1 queries. https://github.com/taobojlen/django-zeal
INSTALLED_APPS += ["zeal", "django_migration_linter"]
MIDDLEWARE += ["zeal.middleware.zeal_middleware"]
ZEAL_RAISE = True

REST_FRAMEWORK["DEFAULT_RENDERER_CLASSES"] += ["rest_framework.renderers.BrowsableAPIRenderer"]
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] += ["rest_framework.authentication.SessionAuthentication"]

STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
