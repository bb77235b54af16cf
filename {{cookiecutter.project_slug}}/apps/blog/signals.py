"""Signals of the blog for other apps, sent in the transaction of the change."""

from django.dispatch import Signal

# Sent with `post`, exactly once for each publication.
post_published = Signal()
# Sent with `comment` when it becomes visible.
comment_published = Signal()
