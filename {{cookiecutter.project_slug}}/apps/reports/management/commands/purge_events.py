from apps.core.management.purge import PurgeCommand
from apps.reports.services.events import event_purge


class Command(PurgeCommand):
    help = "Delete events older than REPORT_EVENT_DAYS."
    rows = "events"
    purge = staticmethod(event_purge)
