from apps.core.api.throttling import UserThrottle


class EventThrottle(UserThrottle):
    """Limit of events that a client may send."""

    scope = "event"


class ExportThrottle(UserThrottle):
    scope = "report_export"
