from apps.core.management.purge import PurgeCommand
from apps.users.services.sessions import failure_purge


class Command(PurgeCommand):
    help = "Delete expired failed logins, which lock out no account."
    rows = "failed logins"
    purge = staticmethod(failure_purge)
