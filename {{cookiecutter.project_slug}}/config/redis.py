"""Connection settings of Redis, for the cache, WebSockets and Celery."""

from urllib.parse import quote

from config.env import RedisUrl, env


def with_password(url: str) -> str:
    """Return the URL with `REDIS_PASSWORD`, unless it has credentials itself."""
    password = quote(env.text("REDIS_PASSWORD", secret=True), safe="")
    if not password or "@" in url or not url.startswith(("redis://", "rediss://")):
        return url
    return url.replace("://", f"://:{password}@", 1)


def redis_url() -> str:
    """Return the URL of Redis; empty if there is none."""
    return with_password(env.text("REDIS_URL", form=RedisUrl, secret=True))
