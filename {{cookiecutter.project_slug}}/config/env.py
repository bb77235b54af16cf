"""The only reader of the environment: variables first, then the file `.env` beside `manage.py`.

What has no value in either is read from the file that `NAME_FILE` names, as containers are given secrets.

Source: https://12factor.net/config
"""

from pathlib import Path
from typing import Any

from decouple import Config, RepositoryEmpty, RepositoryEnv, undefined
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
_dotenv = BASE_DIR / ".env"


class Environment(Config):
    """Reads an empty variable, or file, as one that is not set, as Compose writes it for `${NAME:-}`."""

    def get(self, option: str, default: Any = undefined, cast: Any = undefined) -> Any:
        """Raises OSError: the file that `NAME_FILE` names cannot be read."""
        if super().get(option, default="") == "":  # type: ignore[no-untyped-call]
            file = super().get(f"{option}_FILE", default="")  # type: ignore[no-untyped-call]
            default = (file and Path(file).read_text(encoding="utf-8").strip()) or default
            if default is not undefined:
                option = ""  # no variable has this name
        return super().get(option, default=default, cast=cast)  # type: ignore[no-untyped-call]


_repository = RepositoryEnv(_dotenv) if _dotenv.is_file() else RepositoryEmpty()
env = Environment(_repository)  # type: ignore[no-untyped-call]


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
