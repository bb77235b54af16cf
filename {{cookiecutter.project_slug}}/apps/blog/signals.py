"""Signals of the blog for other apps, sent in the transaction of the change."""

from django.dispatch import Signal

# Sent with `post`, exactly once for each publication.
post_published = Signal()
# Sent with `post` after each change of the status, which is an `UPDATE` without `post_save`.
post_changed = Signal()
# Sent with `comment` when it becomes visible.
comment_published = Signal()
