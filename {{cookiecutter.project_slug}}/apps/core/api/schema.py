"""View of the OpenAPI document, which is cached per process, language and format."""

from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import Any

from django.http import HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

# Also because drf-spectacular's lazy loading of its extensions is not thread-safe.
_lock = Lock()


class SchemaView(SpectacularAPIView):
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        build: Callable[[], BaseRenderer] = type(renderer)
        language = _language(request)
        with _lock:
            content = render_document(language, build, self.api_version)
        charset = f"; charset={renderer.charset}" if renderer.charset else ""
        response = HttpResponse(content, content_type=f"{renderer.media_type}{charset}")
        response["Content-Disposition"] = f'inline; filename="openapi.{renderer.format}"'
        response["Content-Language"] = language
        # `ConditionalGetMiddleware` adds an ETag: a client that has the document gets 304.
        response["Cache-Control"] = "no-cache"
        patch_vary_headers(response, ["Accept", "Accept-Language"])
        return response


def _language(request: Request) -> str:
    """Return one of `LANGUAGES`, to bound the cache."""
    try:
        return translation.get_supported_language_variant(request.GET.get("lang", ""))
    except LookupError:
        return translation.get_language()


@cache
def render_document(language: str, renderer: Callable[[], BaseRenderer], version: str | None) -> str | bytes:
    with translation.override(language):
        document = SchemaGenerator(api_version=version).get_schema(public=True)
        return renderer().render(document, renderer_context={})
