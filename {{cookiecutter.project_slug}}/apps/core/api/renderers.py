"""Renderer of the browsable API."""

from functools import partial
from typing import Any

from rest_framework import renderers
from rest_framework.request import Request


class BrowsableAPIRenderer(renderers.BrowsableAPIRenderer):
    """Browsable API with forms from the request serializer in `@extend_schema(request=…)`."""

    def show_form_for_method(self, view: Any, method: str, request: Request, obj: Any) -> Any:
        vars(view).pop("get_serializer", None)
        handler = getattr(view, method.lower(), None)
        if schema := getattr(handler, "kwargs", {}).get("schema"):
            inspector = schema()
            inspector.view, inspector.method = view, method
            if found := inspector.get_request_serializer():
                serializer = found if isinstance(found, type) else type(found)
                view.get_serializer = partial(serializer, context={"request": request, "view": view})
        return super().show_form_for_method(view, method, request, obj)
