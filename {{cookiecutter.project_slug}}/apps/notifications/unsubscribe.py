"""Signed links that disable one channel for some kinds of notifications, without a login.

One-click unsubscribe of emails: https://www.rfc-editor.org/rfc/rfc8058
"""

from typing import NamedTuple

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

SALT = "apps.notifications.unsubscribe"


class Subscription(NamedTuple):
    """The content of a token, which does not expire: people unsubscribe with old emails."""

    user_id: str
    channel: str
    kinds: list[str]


def unsubscribe_url(*, user_id: str, channel: str, kinds: list[str]) -> str:
    """Return a link that unsubscribes a user from kinds of notifications through a channel."""
    token = Signer(salt=SALT).sign_object(Subscription(user_id, channel, kinds))
    return f"{settings.API_URL}{reverse('unsubscribe')}?token={token}"


def subscription_of(token: str) -> Subscription | None:
    """Return the content of a token, or None if it is not valid."""
    try:
        return Subscription(*Signer(salt=SALT).unsign_object(token))
    except (BadSignature, ValueError):
        return None
