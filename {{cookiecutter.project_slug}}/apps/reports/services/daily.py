"""Daily report by mail."""

from datetime import date, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.mail import BUILDERS, Mail, mail_queue
from apps.reports.models import DailyReport
from apps.reports.periods import ONE_DAY, Period, Span, today
from apps.reports.registry import REPORTS
from apps.reports.selectors import report_totals

ONE_WEEK = timedelta(days=7)


@transaction.atomic
def daily_report_send(*, day: date | None = None) -> int:
    """Queue the report on a day, by default yesterday, for each of `REPORT_RECIPIENTS`.

    Returns:
        the number of mails; 0 if the report on that day was sent before.
    """
    day = day or today() - ONE_DAY
    recipients = len(settings.REPORT_RECIPIENTS)
    if not recipients or not DailyReport.objects.get_or_create(day=day)[1]:
        return 0
    for position in range(recipients):
        # The position instead of the email, which a broker would store.
        mail = partial(mail_queue, "reports.daily", day=day.isoformat(), position=position)
        transaction.on_commit(mail, robust=True)
    return recipients


def daily_report_mail(*, day: str, position: int) -> Mail | None:
    """Build the mail; None if the recipients have changed since."""
    if position >= len(settings.REPORT_RECIPIENTS):
        return None
    context = {"day": day, "numbers": "\n".join(_lines(date.fromisoformat(day)))}
    return Mail(to=settings.REPORT_RECIPIENTS[position], template="reports/mail/daily", context=context)


BUILDERS["reports.daily"] = daily_report_mail


def _lines(day: date) -> list[str]:
    lines = []
    for report in REPORTS.values():
        now, before = (
            report_totals(report, Span(Period.DAY, start, start + ONE_DAY)) for start in (day, day - ONE_WEEK)
        )
        for name, series in report.series.items():
            text = _("%(report)s, %(series)s: %(now)s (a week before: %(before)s)")
            values = {
                "report": report.title,
                "series": series.title,
                "now": now[name],
                "before": before[name],
            }
            lines.append(text % values)
    return lines
