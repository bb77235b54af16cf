"""Report of breaking API changes, on the project's own document."""

from copy import deepcopy

from drf_spectacular.generators import SchemaGenerator

from tools.openapi_diff import report


def test_openapi_diff_reports_removed_operation() -> None:
    old = SchemaGenerator(api_version="v1").get_schema(public=True)
    new = deepcopy(old)
    del new["paths"]["/api/v1/users/me/"]["get"]
    assert report(old, old) == ("No breaking changes of the API.\n", False)
    text, is_breaking = report(old, new)
    assert is_breaking
    assert "| `GET /api/v1/users/me/` | operation removed |" in text
