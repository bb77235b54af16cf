"""Work that must be done once, although the task that does it may run more often."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from infrastructure.tasks.models import Receipt

# No message and no dead letter lives longer.
KEPT = timedelta(days=30)


@contextmanager
def once(key: str) -> Iterator[bool]:
    """Say whether the work with this key is still to be done.

        with once(f"invoice-{invoice.pk}") as first:
            if first:
                ...

    The receipt is written in the transaction of the work: both stay or neither does. Somebody who comes with
    the same key meanwhile waits for that. So what the block writes to the database is written exactly once;
    what it does elsewhere, such as sending a mail, is repeated if the process is killed before the end of the
    block.

    Args:
        key: the same for the same work; up to 200 characters, of which none names a person.
    """
    with transaction.atomic():
        yield _is_new(key)


def _is_new(key: str) -> bool:
    try:
        with transaction.atomic():
            Receipt.objects.create(key=key)
    except IntegrityError:
        return False
    return True


def receipt_purge(*, dry_run: bool = False) -> int:
    """Forget work of which no message can be left; returns how many receipts."""
    old = Receipt.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.count() if dry_run else old.delete()[0]
