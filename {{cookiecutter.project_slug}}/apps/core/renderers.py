"""The browsable API of development."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from rest_framework import renderers

if TYPE_CHECKING:
    from rest_framework.request import Request


class BrowsableAPIRenderer(renderers.BrowsableAPIRenderer):
    """Makes forms from the input serializer that `@extend_schema(request=…)` names for the method."""

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        _set_input_serializer(view, method)
        return super().get_rendered_html_form(data, view, method, request)

    def get_raw_data_form(self, data: Any, view: Any, method: str, request: Request) -> Any:
        _set_input_serializer(view, method)
        return super().get_raw_data_form(data, view, method, request)


def _set_input_serializer(view: Any, method: str) -> None:
    vars(view).pop("get_serializer", None)
    handler = getattr(view, method.lower(), None)
    if schema := getattr(handler, "kwargs", {}).get("schema"):
        inspector = schema()
        inspector.view, inspector.method = view, method
        if found := inspector.get_request_serializer():
            serializer = found if isinstance(found, type) else type(found)
            view.get_serializer = partial(serializer, context={"request": view.request, "view": view})
