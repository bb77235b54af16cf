from apps.core.management.purge import PurgeCommand
from apps.users.services.sessions import session_purge


class Command(PurgeCommand):
    help = "Delete expired sessions."
    rows = "sessions"
    purge = staticmethod(session_purge)
