"""ASGI entry point: `config.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

from infrastructure.http.request import with_utf8_requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = with_utf8_requests(get_asgi_application())

# These import models, which requires the app registry set up above.
from apps.realtime.event_streams import with_event_streams  # noqa: E402
from apps.realtime.middleware import with_thread_limit  # noqa: E402
from apps.realtime.routing import with_websockets  # noqa: E402
from infrastructure.http.asgi import with_limits  # noqa: E402

application = with_limits(with_websockets(with_event_streams(with_thread_limit(application))))
