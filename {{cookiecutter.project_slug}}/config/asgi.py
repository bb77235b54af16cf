"""The ASGI entry point: `config.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

from apps.core.bodies import with_body_limit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = with_body_limit(get_asgi_application())
# % if cookiecutter.use_channels

# What it imports needs the apps, which are there now.
from apps.realtime.routing import with_websockets  # noqa: E402

application = with_websockets(application)
# % endif
