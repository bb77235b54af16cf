"""URL configuration. The versioned API has its own namespace: `reverse("v1:users:me")`."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.routers import APIRootView

from apps.core.api.schema import SchemaView
from infrastructure.http.error_views import not_found
from infrastructure.monitoring import health

api_v1: list[URLPattern | URLResolver] = [
    # % if "blog" in cookiecutter.__features
    path("blog/", include("apps.blog.api.urls")),
    # % endif
    # % if "files" in cookiecutter.__features
    path("files/", include("apps.files.api.urls")),
    # % endif
    # % if "mqtt" in cookiecutter.__features
    path("mqtt/", include("apps.mqtt.api.urls")),
    # % endif
    # % if "notifications" in cookiecutter.__features
    path("notifications/", include("apps.notifications.api.urls")),
    # % endif
    # % if cookiecutter.use_channels
    path("realtime/", include("apps.realtime.api.urls")),
    # % endif
    # % if "reports" in cookiecutter.__features
    path("reports/", include("apps.reports.api.urls")),
    # % endif
    # % if "search" in cookiecutter.__features
    path("search/", include("apps.search.api.urls")),
    # % endif
    # % if "shop" in cookiecutter.__features
    path("shop/", include("apps.shop.api.urls")),
    # % endif
    path("", include("apps.users.api.urls")),
]

# Links in the API root `/api/v1/`.
_root = [
    # % if "blog" in cookiecutter.__features
    "blog:post-list",
    # % endif
    # % if "files" in cookiecutter.__features
    "files:file-list",
    # % endif
    # % if "mqtt" in cookiecutter.__features
    "mqtt:device-list",
    # % endif
    # % if "notifications" in cookiecutter.__features
    "notifications:notification-list",
    # % endif
    # % if "reports" in cookiecutter.__features
    "reports:dashboard-list",
    # % endif
    # % if "search" in cookiecutter.__features
    "search:search",
    # % endif
    # % if "shop" in cookiecutter.__features
    "shop:product-list",
    # % endif
    "users:me",
    "users:user-list",
]
_root_view = APIRootView.as_view(api_root_dict={name: name for name in _root}, permission_classes=[AllowAny])
api_v1.append(path("", _root_view, name="root"))

urlpatterns: list[URLPattern | URLResolver] = [
    # First, because most requests match it.
    path("api/v1/", include((api_v1, "v1"))),
    path("", RedirectView.as_view(pattern_name="docs")),
    path(settings.ADMIN_URL, admin.site.urls),
    # % if "blog" in cookiecutter.__features
    path("blog/", include("apps.blog.feeds.urls")),
    # % endif
    # % if "notifications" in cookiecutter.__features
    path("notifications/", include("apps.notifications.urls")),
    # % endif
    path("health/live/", health.live, name="health-live"),
    path("health/ready/", health.ready, name="health-ready"),
    path("api/schema/", SchemaView.as_view(api_version="v1"), name="schema"),
    path(
        "api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema", metadata_class=None), name="docs"
    ),
    path("api/redoc/", SpectacularRedocView.as_view(url_name="schema", metadata_class=None), name="redoc"),
    # Problem details for unknown API routes in development too, instead of Django's debug page.
    re_path(r"^api/", not_found),
]

handler400 = "infrastructure.http.error_views.bad_request"
handler403 = "infrastructure.http.error_views.permission_denied"
handler404 = "infrastructure.http.error_views.not_found"
handler500 = "infrastructure.http.error_views.server_error"
