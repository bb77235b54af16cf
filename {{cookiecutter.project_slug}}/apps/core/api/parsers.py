"""Bodies of requests. https://www.django-rest-framework.org/api-guide/parsers/"""

from __future__ import annotations

from typing import IO, Any, cast

from django.core.exceptions import SuspiciousOperation
from django.http.multipartparser import MultiPartParser as DjangoMultiPartParser
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from apps.core.validators import validate_file_name


class JSONParser(parsers.JSONParser):
    """Refuses JSON that is nested deeper than Python can read."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None


class _FormParser(DjangoMultiPartParser):
    def parse(self) -> tuple[Any, Any]:
        """Leave no temporary file of what is not received to its end; Django closes only what is complete."""
        try:
            return super().parse()
        except BaseException:
            self._close_files()  # type: ignore[attr-defined]
            raise

    def sanitize_file_name(self, file_name: str) -> str:
        """Refuse what Django would cut off: who sends a path means something by it."""
        validate_file_name(file_name)
        return file_name


class MultiPartParser(parsers.MultiPartParser):
    """For uploads: each name of a file is one, and a form of too many parts is the fault of its sender."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        context = parser_context or {}
        request = context["request"]
        meta = request.META | {"CONTENT_TYPE": media_type}
        try:
            form = _FormParser(meta, cast("Any", stream), request.upload_handlers, context.get("encoding"))
            return parsers.DataAndFiles(*form.parse())
        except MultiPartParserError as error:
            raise ParseError(_("The form data is malformed.")) from error
        except SuspiciousOperation as error:
            raise ParseError(_("The form exceeds the limits of parts or size.")) from error
