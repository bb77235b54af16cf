"""Content negotiation. https://www.django-rest-framework.org/api-guide/content-negotiation/"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.negotiation import DefaultContentNegotiation

from infrastructure.http.problems import PROBLEM_JSON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request


class ContentNegotiation(DefaultContentNegotiation):
    """Content negotiation that does not parse the `Accept` header of most requests."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        # Clients generated from the OpenAPI document ask for problem details where success has no content.
        simple = request.headers.get("accept", "*/*") in {"*/*", first.media_type, PROBLEM_JSON}
        if simple and not format_suffix and self.settings.URL_FORMAT_OVERRIDE not in request.query_params:
            return first, first.media_type
        chosen: tuple[BaseRenderer, str] = super().select_renderer(request, renderers, format_suffix)
        return chosen
