"""Redis URLs, with the password of `REDIS_PASSWORD`."""

from urllib.parse import quote

from config.env import RedisUrl, env


def with_password(url: str) -> str:
    """Add `REDIS_PASSWORD` to a URL without credentials."""
    password = quote(env.text("REDIS_PASSWORD", secret=True), safe="")
    if not password or "@" in url or not url.startswith(("redis://", "rediss://")):
        return url
    return url.replace("://", f"://:{password}@", 1)


def redis_url() -> str:
    """Return `REDIS_URL` with its password, or an empty string."""
    return with_password(env.text("REDIS_URL", form=RedisUrl, secret=True))
