"""Idempotency keys, for work that must be done once although its task may run repeatedly."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from infrastructure.durable_tasks.models import IdempotencyKey

# Longer than any message or dead letter is kept.
KEPT = timedelta(days=30)


@contextmanager
def run_once(key: str) -> Iterator[bool]:
    """Yield whether the work with this key still has to be done.

        with run_once(f"invoice-{invoice.pk}") as first:
            if first:
                ...

    The key is stored in the same transaction as the work, and a concurrent caller with the same key waits for
    it. So database changes in the block are made exactly once; other side effects, such as sending an email,
    are repeated if the process is killed before the end of the block.

    Args:
        key: idempotency key, up to 200 characters, without personal data.
    """
    with transaction.atomic():
        yield _is_new(key)


def _is_new(key: str) -> bool:
    try:
        with transaction.atomic():
            IdempotencyKey.objects.create(key=key)
    except IntegrityError:
        return False
    return True


def idempotency_key_purge(*, dry_run: bool = False) -> int:
    """Delete keys for which no message can exist any more; return their number."""
    old = IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.count() if dry_run else old.delete()[0]
