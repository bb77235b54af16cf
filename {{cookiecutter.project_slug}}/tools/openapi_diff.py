"""Detection of breaking changes between two OpenAPI documents: `python -m tools.openapi_diff OLD NEW`.

Requests may only become more permissive, responses only stricter. Prints Markdown; the exit status is 1 for
breaking changes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Schema = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ANY_TYPE = {"array", "boolean", "integer", "null", "number", "object", "string"}
# Keyword, and the sign of a change that rejects values.
LIMITS = {f"{bound}{kind}": sign for bound, sign in (("max", -1), ("min", 1)) for kind in ("Length", "Items")}
LIMITS |= {"maximum": -1, "minimum": 1}


class Comparison:
    """Comparison of two OpenAPI documents (3.0 or 3.1)."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self.old = old
        self.new = new

    def changes(self) -> Iterator[tuple[str, str]]:
        """Yield pairs of an operation and a breaking change."""
        for path, methods in self.old["paths"].items():
            for method in (name for name in METHODS if name in methods):
                after = self.new["paths"].get(path, {}).get(method)
                changes = ["operation removed"] if after is None else self.operation(methods[method], after)
                yield from ((f"{method.upper()} {path}", change) for change in changes)

    def operation(self, old: Schema, new: Schema) -> Iterator[str]:
        if {} in old.get("security", [{}]) and {} not in new.get("security", [{}]):
            yield "authentication now required"
        yield from self.parameters(old, new)
        before = resolved(old.get("requestBody", {}), self.old)
        after = resolved(new.get("requestBody", {}), self.new)
        yield from self.bodies(before, after, "request body", sent=True)
        for status, response in old["responses"].items():
            where = f"response {status}"
            if status in new["responses"]:
                before, after = resolved(response, self.old), resolved(new["responses"][status], self.new)
                yield from self.bodies(before, after, where, sent=False)
            elif status < "400":
                yield f"{where} removed"

    def parameters(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = by_name(old, self.old), by_name(new, self.new)
        for name, parameter in before.items():
            if name not in after:
                yield f"{name} removed"
            else:
                yield from self.part(parameter, after[name], name, sent=True)
        for name in after.keys() - before.keys():
            if after[name].get("required"):
                yield f"{name} added, and required"

    def bodies(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        if new.get("required") and not old.get("required"):
            yield f"{where} now required"
        for content_type, media in old.get("content", {}).items():
            if after := new.get("content", {}).get(content_type):
                yield from self.part(media, after, where, sent=sent)
            else:
                yield f"{where}: content type `{content_type}` removed"

    def part(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        """Compare a parameter or the content of a body."""
        if "in" in old and new.get("required") and not old.get("required"):
            yield f"{where} now required"
        yield from self.schema(
            old.get("schema", {}), new.get("schema", {}), where, sent=sent, seen=frozenset()
        )

    def schema(
        self, old: Schema, new: Schema, where: str, *, sent: bool, seen: frozenset[tuple[str, str]]
    ) -> Iterator[str]:
        # Schemas can be recursive: stop at a pair that was already compared.
        pair = (repr(old), repr(new))
        if pair in seen:
            return
        old, new = merged(old, self.old), merged(new, self.new)
        yield from (f"{where}: {change}" for change in values(old, new, sent=sent))
        seen |= {pair}
        yield from self.properties(old, new, where, sent=sent, seen=seen)
        for keyword, name in (("items", "items"), ("additionalProperties", "values")):
            part, changed = old.get(keyword), new.get(keyword)
            if isinstance(part, dict) and isinstance(changed, dict):
                yield from self.schema(part, changed, f"{where}, {name}", sent=sent, seen=seen)
        yield from self.alternatives(old, new, where, sent=sent)

    def properties(
        self, old: Schema, new: Schema, where: str, *, sent: bool, seen: frozenset[tuple[str, str]]
    ) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        wanted, given = set(old.get("required", [])), set(new.get("required", []))
        for name in sorted(before.keys() | after.keys()):
            field = f"{where}, `{name}`"
            if name not in after:
                yield f"{field} removed"
            elif sent and name in given - wanted:
                yield f"{field} now required"
            elif not sent and name in wanted - given:
                yield f"{field} now optional"
            if name in before and name in after:
                yield from self.schema(before[name], after[name], field, sent=sent, seen=seen)

    def alternatives(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        for keyword in ("oneOf", "anyOf"):
            less, more = (
                [merged(choice, document) for choice in each.get(keyword, [])]
                for each, document in ((old, self.old), (new, self.new))
            )
            if sent and more and any(choice not in more for choice in less):
                yield f"{where}: alternative schema removed"
            if not sent and less and any(choice not in less for choice in more):
                yield f"{where}: alternative schema added"


def by_name(operation: Schema, document: Schema) -> dict[str, Schema]:
    found = [resolved(parameter, document) for parameter in operation.get("parameters", [])]
    return {f"{parameter['in']} parameter `{parameter['name']}`": parameter for parameter in found}


def resolved(part: Schema, document: Schema) -> Schema:
    """Resolve `$ref` references."""
    while "$ref" in part:
        target: Any = document
        for key in part["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        part = target
    return part


def merged(schema: Schema, document: Schema) -> Schema:
    """Return a schema with `allOf` merged into it, and with the types of its `oneOf` and `anyOf`."""
    schema = dict(resolved(schema, document))
    for part in schema.pop("allOf", []):
        added = merged(part, document)
        schema["properties"] = added.get("properties", {}) | schema.get("properties", {})
        schema["required"] = [*added.get("required", []), *schema.get("required", [])]
        schema = added | schema
    choices = [*schema.get("oneOf", []), *schema.get("anyOf", [])]
    if choices and "type" not in schema:
        schema["type"] = list(set().union(*(types(merged(choice, document)) for choice in choices)))
    return schema


def types(schema: Schema) -> set[str]:
    named = schema.get("type")
    found = {named} if isinstance(named, str) else set(named or ANY_TYPE)
    found |= {"null"} if schema.get("nullable") else set()
    return found | ({"integer"} if "number" in found else set())


def values(old: Schema, new: Schema, *, sent: bool) -> Iterator[str]:
    """Yield values that a request may no longer have, or that a response may newly have."""
    if changed := types(old) - types(new) if sent else types(new) - types(old):
        yield f"type {listed(changed)} {'no longer accepted' if sent else 'added'}"
    if old.get("format") != new.get("format") and (old.get("format") or sent):
        yield f"format changed from `{old.get('format', 'none')}` to `{new.get('format', 'none')}`"
    before, after = old.get("enum"), new.get("enum")
    if sent and after is not None and (before is None or set(before) - set(after)):
        yield f"only {listed(after)} accepted"
    if not sent and before is not None and (after is None or set(after) - set(before)):
        yield f"values other than {listed(before)} added"
    for keyword, sign in LIMITS.items() if sent else ():
        if keyword in new and (keyword not in old or (new[keyword] - old[keyword]) * sign > 0):
            yield f"`{keyword}` changed from `{old.get(keyword, 'none')}` to `{new[keyword]}`"
    if sent and new.get("pattern", old.get("pattern")) != old.get("pattern"):
        yield f"pattern changed to `{new['pattern']}`"


def listed(names: Any) -> str:
    return ", ".join(sorted(f"`{name}`" for name in names))


def report(old: Schema, new: Schema) -> tuple[str, bool]:
    """Return the report, and whether there are breaking changes."""
    found = sorted(set(Comparison(old, new).changes()))
    if not found:
        return "No breaking changes of the API.\n", False
    lines = ["# Breaking changes of the API", "", "| operation | change |", "|---|---|"]
    lines += [f"| `{operation}` | {change} |" for operation, change in found]
    return "\n".join(lines) + "\n", True


def main() -> int:
    old, new = (yaml.safe_load(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:])
    text, broken = report(old, new)
    sys.stdout.write(text)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
