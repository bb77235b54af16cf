"""Reports and tracked events, see docs/reports.md."""

from config.env import Form, env
from config.settings.components.api import THROTTLE_RATES

# Events and the names of their properties. Others are rejected, to keep personal data out.
REPORT_EVENTS: dict[str, tuple[str, ...]] = {
    "login": ("via",),
    "page_view": ("page",),
}
# Those that clients may send to the API.
REPORT_CLIENT_EVENTS = {"page_view"}
# Retention period of events.
REPORT_EVENT_DAYS = env.integer("REPORT_EVENT_DAYS", default=400, minimum=1, maximum=36_500)
# Recipients of the daily report.
REPORT_RECIPIENTS = env.texts(
    "REPORT_RECIPIENTS", form=Form(r"[^\s@,]+@[^\s@,]+", "emails, such as ada@example.com,grace@example.com")
)

# Events that a user may send, and exports that a user may download.
THROTTLE_RATES["event"] = "60/minute,2000/day"
THROTTLE_RATES["report_export"] = "5/minute,50/day"
