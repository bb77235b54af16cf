from apps.core.management.purge import PurgeCommand
from apps.users.services.accounts import user_purge_unverified


class Command(PurgeCommand):
    help = "Delete accounts whose email was not verified within two weeks."
    rows = "accounts"
    purge = staticmethod(user_purge_unverified)
