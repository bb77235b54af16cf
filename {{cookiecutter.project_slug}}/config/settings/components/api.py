"""Django REST Framework and OpenAPI.

https://www.django-rest-framework.org/api-guide/settings/
https://drf-spectacular.readthedocs.io/en/latest/settings.html
"""

from typing import Any

from config import project
from config.env import Form, env

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.users.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.core.api.negotiation.ContentNegotiation",
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.CursorPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "apps.core.api.filters.FilterBackend",
        "apps.core.api.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_THROTTLE_CLASSES": [
        "apps.core.api.throttling.AnonThrottle",
        "apps.core.api.throttling.UserThrottle",
    ],
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.NamespaceVersioning",
    "ALLOWED_VERSIONS": ["v1"],
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.api.errors.problem_handler",
}

_RATE = r"[0-9]+/(?:s|sec|second|m|min|minute|h|hour|d|day)"
_RATES = Form(
    rf"none|{_RATE}(?:\s*,\s*{_RATE})*",
    "rates such as 60/minute,1000/day, or none: requests, a slash and second, minute, hour or day",
)
# Rate limits as "requests/period", burst and sustained separated by a comma. `account` limits login attempts
# to one account from networks that are new to it, `mailbox` limits mails to one email.
THROTTLE_RATES: dict[str, str] = {
    "anon": env.text("THROTTLE_ANON", "60/minute,1000/day", form=_RATES),
    "user": env.text("THROTTLE_USER", "120/minute,10000/day", form=_RATES),
    "auth": env.text("THROTTLE_AUTH", "20/minute,1000/day", form=_RATES),
    "token": env.text("THROTTLE_TOKEN", "120/minute", form=_RATES),
    "account": env.text("THROTTLE_ACCOUNT", "30/hour", form=_RATES),
    "mailbox": env.text("THROTTLE_MAILBOX", "3/hour,10/day", form=_RATES),
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": project.TITLE,
    "DESCRIPTION": project.DESCRIPTION,
    "VERSION": project.VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "displayRequestDuration": True},
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v[0-9]+",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.api.openapi.add_examples",
    ],
    # Names for enums of fields with equal names but different choices; `make openapi-check` warns about them.
    # Example: "OrderStatusEnum": "apps.orders.models.Order.Status".
    "ENUM_NAME_OVERRIDES": {},
}
