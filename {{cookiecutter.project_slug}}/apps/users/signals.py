"""Signals of accounts for other apps."""

from django.dispatch import Signal

# Sent with `user` in the transaction that removes personal data; receivers remove the data of their app.
user_deleted = Signal()
