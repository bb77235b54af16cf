from apps.core.management.purge import PurgeCommand
from apps.notifications.services import notification_purge


class Command(PurgeCommand):
    help = "Delete notifications that were read, and digests that were sent, more than 90 days ago."
    rows = "notifications"
    purge = staticmethod(notification_purge)
