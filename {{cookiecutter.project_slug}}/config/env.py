"""The only reader of the environment: variables first, then the file `.env` beside `manage.py`.

Source: https://12factor.net/config
"""

from pathlib import Path

from decouple import Config, RepositoryEmpty, RepositoryEnv
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
_dotenv = BASE_DIR / ".env"

env = Config(RepositoryEnv(_dotenv) if _dotenv.is_file() else RepositoryEmpty())


def require(*names: str) -> None:
    """Refuse to go on while a variable is missing or empty.

    Args:
        names: the variables that must have a value.

    Raises:
        ImproperlyConfigured: names every missing variable at once.
    """
    missing = [name for name in names if not env(name, default="")]
    if missing:
        raise ImproperlyConfigured(
            f"Set these environment variables (see docs/settings.md): {', '.join(missing)}",
        )
