"""Delivery of deferred notifications: one message per user and channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from django.db import transaction
from django.utils import timezone

from apps.notifications.channels import DIGESTS
from apps.notifications.models import DeferredNotification, Digest
from apps.notifications.schedule import quiet_end
from apps.notifications.selectors import preferences_of, schedule_of, user_locked

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

logger = structlog.get_logger(__name__)


def digests_send_due() -> int:
    """Send the digests whose time has come and return their number. Concurrent runs send each once."""
    now = timezone.now()
    due = DeferredNotification.objects.filter(digest=None, due_at__lte=now, channel__in=DIGESTS)
    recipients = list(due.order_by("user", "channel").values_list("user", "channel").distinct())
    return sum(_sent(user_id, channel, now) for user_id, channel in recipients)


def _sent(user_id: UUID, channel: str, now: datetime) -> bool:
    try:
        return _digest_send(user_id, channel, now)
    except Exception:
        # A channel that fails for one user does not stop the others; the next run tries again.
        logger.exception("digest_failed", user_id=str(user_id), channel=channel)
        return False


@transaction.atomic
def _digest_send(user_id: UUID, channel: str, now: datetime) -> bool:
    """Send the due notifications of a user through one channel; returns False if none is left."""
    waiting = DeferredNotification.objects.filter(user=user_id, channel=channel, digest=None)
    # The lock makes concurrent runs wait.
    user = user_locked(user_id)
    if user is None:
        waiting.delete()
        return False
    due = waiting.filter(due_at__lte=now)
    # The time zone may have changed since.
    resume_at = quiet_end(schedule_of(user=user), now)
    if resume_at > now:
        due.update(due_at=resume_at)
        return False
    wanted = [kind for kind, channels in preferences_of(user=user).items() if channels[channel]]
    due.exclude(kind__in=wanted).delete()
    due.filter(notification__read_at__isnull=False).delete()
    if not due.exists():
        return False
    digest = Digest.objects.create(user=user, channel=channel)
    due.update(digest=digest)
    DIGESTS[channel](digest)
    return True
