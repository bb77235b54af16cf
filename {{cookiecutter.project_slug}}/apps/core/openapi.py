"""The OpenAPI document says how every operation fails, not only how it succeeds."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Literal

from drf_spectacular import openapi
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated

from apps.core.exceptions import PROBLEM_JSON


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField(help_text="Path to the field, `non_field_errors` for the whole input.")
    code = serializers.CharField(help_text="For programs.")
    message = serializers.CharField(help_text="For people.")


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details, RFC 9457."""

    type = serializers.CharField(help_text="What kind of problem, `urn:problem:<code>`.")
    title = serializers.CharField(help_text="The kind of problem, for people.")
    status = serializers.IntegerField(min_value=400, max_value=599)
    detail = serializers.CharField(help_text="This problem, for people.")
    request_id = serializers.CharField(help_text="As in `X-Request-ID`; quote it in a report.")
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment] # a name of the base


PROBLEMS: dict[HTTPStatus, tuple[str, str]] = {
    HTTPStatus.BAD_REQUEST: ("validation_error", "The input is not valid."),
    HTTPStatus.UNAUTHORIZED: ("not_authenticated", "Authentication credentials were not provided."),
    HTTPStatus.FORBIDDEN: ("permission_denied", "You do not have permission to perform this action."),
    HTTPStatus.NOT_FOUND: ("not_found", "Not found."),
    HTTPStatus.NOT_ACCEPTABLE: ("not_acceptable", "Could not satisfy the request Accept header."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body_too_large", "The body of the request is too large."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported_media_type", "Unsupported media type in request."),
    HTTPStatus.TOO_MANY_REQUESTS: ("throttled", "Request was throttled. Expected available in 42 seconds."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("service_unavailable", "Something that is needed is not available."),
}


class AutoSchema(openapi.AutoSchema):
    """Adds to each operation the problems that its view can answer with.

    A view whose problems do not follow from its permissions, its input and its path names them in
    `extra_problems`, by method: `{"GET": [HTTPStatus.NOT_FOUND]}`.
    """

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._problems():
            bodies.setdefault(str(status.value), self._problem_body(status))
        for code, body in bodies.items():
            body["description"] = body["description"] or HTTPStatus(int(code)).phrase
        return dict(sorted(bodies.items()))

    def _problem_body(self, status: HTTPStatus) -> dict[str, Any]:
        code, detail = PROBLEMS[status]
        body: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            ProblemSerializer,
            str(status.value),
            media_types=[PROBLEM_JSON],
        )
        body["content"][PROBLEM_JSON]["example"] = {
            "type": f"urn:problem:{code}",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        }
        return body

    def _problems(self) -> Iterator[HTTPStatus]:
        permissions = {type(permission) for permission in self.view.get_permissions()}
        has_body = self._get_request_body() is not None  # type: ignore[no-untyped-call]
        has_query = any(parameter["in"] == "query" for parameter in self._get_parameters())
        yield HTTPStatus.NOT_ACCEPTABLE
        yield HTTPStatus.TOO_MANY_REQUESTS
        yield HTTPStatus.SERVICE_UNAVAILABLE
        yield from getattr(self.view, "extra_problems", {}).get(self.method, [])
        if has_body:
            yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        if has_body or has_query:
            yield HTTPStatus.BAD_REQUEST
        if permissions != {AllowAny}:
            yield HTTPStatus.UNAUTHORIZED
        if permissions - {AllowAny, IsAuthenticated}:
            yield HTTPStatus.FORBIDDEN
        if "{" in self.path or self._is_list_view():
            yield HTTPStatus.NOT_FOUND
