"""Reports on users, sessions and events."""

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.reports.models import Event
from apps.reports.registry import Report, Series, report_register
from apps.users.models import RefreshSession, User

report_register(
    Report(
        "registrations",
        _("Registrations"),
        User.objects.all(),
        "created_at",
        {
            "registered": Series(_("Registered"), Count("pk")),
            "verified": Series(_("Verified since"), Count("pk", filter=Q(email_verified_at__isnull=False))),
        },
        export_fields=("id", "created_at", "email_verified_at", "is_active"),
    )
)
report_register(
    Report(
        "sessions",
        _("Sessions"),
        # Without an index, since expired sessions are purged.
        RefreshSession.objects.all(),
        "created_at",
        {
            "started": Series(_("Started"), Count("pk")),
            "active": Series(_("Still active"), Count("pk", filter=Q(revoked_at=None, expires_at__gt=Now()))),
        },
    )
)
report_register(
    Report(
        "logins",
        _("Logins"),
        Event.objects.filter(name="login"),
        "created_at",
        {
            "api": Series(_("API"), Count("pk", filter=Q(properties__via="api"))),
            "admin": Series(_("Admin"), Count("pk", filter=Q(properties__via="admin"))),
        },
    )
)
report_register(
    Report(
        "events",
        _("Events"),
        Event.objects.all(),
        "created_at",
        {name: Series(name, Count("pk", filter=Q(name=name))) for name in settings.REPORT_EVENTS},
        export_fields=("id", "created_at", "name", "properties"),
    )
)
