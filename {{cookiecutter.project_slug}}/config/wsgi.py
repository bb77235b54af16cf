"""WSGI entry point: `config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from infrastructure.http.request import with_utf8_requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = with_utf8_requests(get_wsgi_application())
