"""WebSockets by Channels: through Redis where `REDIS_URL` names one, else within the process.

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
# How many requests a process works on at once, the others wait: by ASGI each has a thread of its own.
REALTIME_THREADS: int = env.integer("WEB_THREADS", default=4, minimum=1)

# A request has a thread of its own under ASGI: a connection that outlives it would be nobody's.
# https://docs.djangoproject.com/en/5.2/ref/databases/#persistent-database-connections
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 0
