"""URL configuration in development: that of the project, the Debug Toolbar and `/dev/emails/`."""

from django.urls import URLPattern, URLResolver, include, path

from config import urls
from config.urls import handler400, handler403, handler404, handler500
from tools.development import emails

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns: list[URLPattern | URLResolver] = [
    *urls.urlpatterns,
    path("__debug__/", include("debug_toolbar.urls")),
    path("dev/emails/", emails.email_list),
    path("dev/emails/<path:template>/", emails.email_detail),
]
