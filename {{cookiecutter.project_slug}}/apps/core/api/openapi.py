"""OpenAPI schema generation: summary, examples and error responses of every operation."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Literal

from drf_spectacular import openapi
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated

from infrastructure.http.problems import PROBLEM_JSON


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """Error of one field."""

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
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment] # also an attribute of the base


PROBLEMS: dict[HTTPStatus, tuple[str, str]] = {
    HTTPStatus.BAD_REQUEST: ("validation_error", "Invalid input."),
    HTTPStatus.UNAUTHORIZED: ("not_authenticated", "Authentication credentials were not provided."),
    HTTPStatus.FORBIDDEN: ("permission_denied", "You do not have permission to perform this action."),
    HTTPStatus.NOT_FOUND: ("not_found", "Not found."),
    HTTPStatus.NOT_ACCEPTABLE: ("not_acceptable", "Could not satisfy the request Accept header."),
    HTTPStatus.CONFLICT: ("conflict", "The request conflicts with the current state of the object."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("body_too_large", "The body of the request is too large."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported_media_type", "Unsupported media type in request."),
    HTTPStatus.TOO_MANY_REQUESTS: ("throttled", "Request was throttled. Expected available in 42 seconds."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("service_unavailable", "Something that is needed is not available."),
}


# Examples by format; `extend_schema_field` overrides them for a field.
FORMAT_EXAMPLES = {
    "binary": "The bytes of the file",
    "byte": "ZXhhbXBsZQ==",
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "decimal": "9.99",
    "duration": "01:30:00",
    "email": "ada@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "12:00:00",
    "uri": "https://www.example.com/",
    "uri-reference": "/path/",
    "uuid": "0f8fad5b-d9cb-469f-a165-70867728950e",
}
END_OF_SENTENCE = re.compile(r"\.\s+(?=[A-Z`])")


class AutoSchema(openapi.AutoSchema):
    """Schema inspector that adds summaries and error responses to operations.

    The summary is the first sentence of the view's docstring, or derived from the operation ID.

    Error responses are derived from permissions, input and path; a view declares others in `extra_problems`,
    by method: `{"GET": [HTTPStatus.NOT_FOUND]}`.
    """

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation and "summary" not in operation:
            text = operation.pop("description", "") or operation["operationId"].replace("_", " ").capitalize()
            first, *rest = END_OF_SENTENCE.split(text, maxsplit=1)
            operation["summary"] = " ".join(first.split()).removesuffix(".")
            if rest:
                operation["description"] = rest[0]
        return operation

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


def add_examples(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Add an example to each request and each successful response (postprocessing hook)."""
    schemas = result.get("components", {}).get("schemas", {})
    for operations in result["paths"].values():
        for operation in operations.values():
            successes = [body for status, body in operation["responses"].items() if status < "3"]
            for body in [operation.get("requestBody", {}), *successes]:
                for content in body.get("content", {}).values():
                    if not content.keys() & {"example", "examples"}:
                        content["example"] = example_of(content["schema"], schemas)
    return result


def example_of(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """Return an example of a schema: its own example, default or first choice, else a generated one.

    Args:
        schema: the schema, or a reference to one.
        schemas: the components, to resolve references.
        name: the name of the field.
    """
    if "$ref" in schema:
        component = schema["$ref"].rpartition("/")[2]
        # Stop at recursive schemas.
        schema, schemas = schemas[component], schemas | {component: {"type": "null"}}
    choices = [schema.get("example"), schema.get("default"), *schema.get("enum", [])]
    if found := [choice for choice in choices if choice is not None]:
        return found[0]
    if alternatives := [*schema.get("allOf", []), *schema.get("oneOf", []), *schema.get("anyOf", [])]:
        return example_of(alternatives[0], schemas, name)
    types = schema.get("type", "object")
    kind = types if isinstance(types, str) else types[0]
    if kind == "object":
        parts = schema.get("properties", {}).items()
        values = {key: example_of(part, schemas, key) for key, part in parts}
        return {key: value for key, value in values.items() if value is not None}
    if kind == "array":
        item = example_of(schema["items"], schemas, name)
        return [] if item is None else [item]
    if kind == "string":
        readable = name if "pattern" in schema else name.replace("_", " ").capitalize()
        value = FORMAT_EXAMPLES.get(schema.get("format", ""), readable)
        return value.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    number = max(1, schema.get("minimum", 1))
    number = min(number, schema.get("maximum", number))
    return {"integer": number, "number": number, "boolean": True}.get(kind)
