"""Report on orders; only with the feature `reports`, which imports this module."""

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _

from apps.reports.registry import Report, Series, report_register
from apps.shop.models import Order

PAID = Q(paid_at__isnull=False)

report_register(
    Report(
        "orders",
        _("Orders"),
        Order.objects.all(),
        "created_at",
        {
            "placed": Series(_("Placed"), Count("pk")),
            "paid": Series(_("Paid"), Count("pk", filter=PAID)),
            "revenue": Series(_("Revenue"), Sum("total", filter=PAID)),
            "refunded": Series(_("Refunded"), Sum("refunded")),
        },
        # Without personal data.
        export_fields=(
            "id",
            "created_at",
            "status",
            "currency",
            "subtotal",
            "discount",
            "total",
            "tax",
            "refunded",
            "paid_at",
        ),
    )
)
