"""Numbers on the index page of the admin. A model admin defines its own in `dashboard_numbers`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.template import Context, Library
from django.urls import reverse
from django.utils.translation import get_language

from apps.core.caching import cache_remember

register = Library()

# Counting ends here, so that its cost does not depend on the number of rows.
LIMIT = 1000
FRESH, STALE = timedelta(minutes=1), timedelta(minutes=5)


@register.inclusion_tag("admin/dashboard.html", takes_context=True)
def dashboard(context: Context) -> dict[str, Any]:
    request: HttpRequest = context["request"]
    key = f"admin_dashboard:{request.user.pk}:{get_language()}"
    return {"numbers": cache_remember(key, lambda: list(_numbers(request)), fresh=FRESH, stale=STALE)}


def _numbers(request: HttpRequest) -> Iterator[dict[str, str]]:
    """Yield the numbers of all models that the user may view, each with the URL of the filtered list."""
    for model in filter(admin.site.is_registered, apps.get_models()):
        model_admin: Any = admin.site.get_model_admin(model)
        if not (hasattr(model_admin, "dashboard_numbers") and model_admin.has_view_permission(request)):
            continue
        url = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")
        for label, lookups in model_admin.dashboard_numbers().items():
            rows = model_admin.get_queryset(request).filter(**lookups).order_by()[: LIMIT + 1]
            count = rows.count()
            yield {
                "label": str(label),
                "count": f"{LIMIT}+" if count > LIMIT else str(count),
                "url": f"{url}?{urlencode(lookups)}",
            }
