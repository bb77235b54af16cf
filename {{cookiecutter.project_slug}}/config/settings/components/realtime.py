"""WebSockets by Channels, with a channel layer in Redis if `REDIS_URL` is set, else in process memory.

https://channels.readthedocs.io/en/stable/topics/channel_layers.html
"""

from typing import Any

from config.env import env
from config.redis import redis_url
from config.settings.components.database import DATABASES

_redis_url = redis_url()

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [_redis_url], "prefix": "{{ cookiecutter.project_slug }}:events"},
    }
    if _redis_url
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

REALTIME_SOCKETS_PER_USER: int = env.integer("REALTIME_SOCKETS_PER_USER", default=10, minimum=1)
REALTIME_MESSAGES_PER_MINUTE: int = env.integer("REALTIME_MESSAGES_PER_MINUTE", default=120, minimum=1)
REALTIME_MESSAGE_MAX_BYTES = 65_536
# Maximum duration of an event stream. Reverse proxies end longer responses, often after two minutes.
REALTIME_STREAM_SECONDS = 100
# Maximum number of concurrent requests per process; under ASGI, each has its own thread.
REALTIME_THREADS: int = env.integer("WEB_THREADS", default=4, minimum=1)

# Under ASGI, each request has its own thread, so persistent connections would not be reused.
# https://docs.djangoproject.com/en/5.2/ref/databases/#persistent-database-connections
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 0
