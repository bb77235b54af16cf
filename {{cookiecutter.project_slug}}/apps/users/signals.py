"""What other apps can hear of accounts."""

from django.dispatch import Signal

# Sent with `user` inside the transaction that removes what names the person: an app removes what it holds.
user_deleted = Signal()
