"""Request parsers. https://www.django-rest-framework.org/api-guide/parsers/"""

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
    """JSON parser that rejects input beyond Python's recursion limit."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None


class _FormParser(DjangoMultiPartParser):
    def parse(self) -> tuple[Any, Any]:
        """Delete the temporary files of incomplete uploads; Django closes only complete ones."""
        try:
            return super().parse()
        except BaseException:
            self._close_files()  # type: ignore[attr-defined]
            raise

    def sanitize_file_name(self, file_name: str) -> str:
        """Reject invalid file names instead of stripping the path from them as Django does."""
        validate_file_name(file_name)
        return file_name


class MultiPartParser(parsers.MultiPartParser):
    """Multipart parser that validates file names and responds with 400 to forms with too many parts."""

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
