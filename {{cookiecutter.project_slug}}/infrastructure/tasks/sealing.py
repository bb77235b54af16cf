"""What only this project can read, for arguments that wait in the database.

A copy of the database, or somebody who may look at it, must not hand out addresses and links that open
accounts.
"""

import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class UnreadableError(Exception):
    """It was sealed with a `SECRET_KEY` that is not known any more, or changed since."""


def seal(value: Any) -> str:
    """Encrypt what JSON knows."""
    return _fernet().encrypt(json.dumps(value).encode()).decode()


def unseal(text: str) -> Any:
    """Read what `seal` wrote.

    Raises:
        UnreadableError: it was not written with this `SECRET_KEY` or one of its fallbacks.
    """
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - only who replays needs it

    try:
        return json.loads(_fernet().decrypt(text))
    except InvalidToken as error:
        raise UnreadableError from error


def _fernet() -> "MultiFernet":
    """Encrypts with `SECRET_KEY`, reads what was encrypted with it or with one of its fallbacks."""
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - only what failed is sealed

    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (salted_hmac(__name__, "", secret=key, algorithm="sha256") for key in secrets)
    return MultiFernet([Fernet(urlsafe_b64encode(digest.digest())) for digest in digests])
