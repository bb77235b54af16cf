"""Detection of breaking changes between two OpenAPI documents: `python -m tools.openapi_diff OLD NEW`.

Requests may only become more permissive: fewer required parts, more allowed values. Responses may only become
stricter: no removed parts, no new values of an enum. Prints Markdown; the exit status is 1 for breaking
changes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
UPPER_LIMITS = ("maxLength", "maxItems", "maxProperties", "maximum")
LOWER_LIMITS = ("minLength", "minItems", "minProperties", "minimum")
ANY_TYPE = {"array", "boolean", "integer", "null", "number", "object", "string"}

Schema = dict[str, Any]


class Comparison:
    """Comparison of two OpenAPI documents (3.0 or 3.1)."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self.old = old
        self.new = new

    def breaks(self) -> Iterator[tuple[str, str]]:
        """Yield pairs of an operation and a breaking change."""
        for path, methods in self.old["paths"].items():
            for method in (name for name in METHODS if name in methods):
                operation = f"{method.upper()} {path}"
                after = self.new["paths"].get(path, {}).get(method)
                if after is None:
                    yield operation, "is gone"
                    continue
                yield from ((operation, change) for change in self.operation(methods[method], after))

    def operation(self, old: Schema, new: Schema) -> Iterator[str]:
        if {} in old.get("security", [{}]) and {} not in new.get("security", [{}]):
            yield "asks for a token"
        yield from self.parameters(old.get("parameters", []), new.get("parameters", []))
        yield from self.body(self.resolved(old.get("requestBody", {}), self.old), new.get("requestBody", {}))
        for status, answer in old["responses"].items():
            yield from self.answer(status, answer, new["responses"].get(status))

    def parameters(self, old: list[Schema], new: list[Schema]) -> Iterator[str]:
        before, after = self.by_name(old, self.old), self.by_name(new, self.new)
        for key, parameter in before.items():
            where = f"the {key[0]} parameter `{key[1]}`"
            if key not in after:
                yield f"{where} is gone"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{where} is required"
            yield from self.sent(parameter.get("schema", {}), after[key].get("schema", {}), where)
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"the {key[0]} parameter `{key[1]}` is new and required"

    def by_name(self, parameters: list[Schema], document: Schema) -> dict[tuple[str, str], Schema]:
        resolved = [self.resolved(parameter, document) for parameter in parameters]
        return {(parameter["in"], parameter["name"]): parameter for parameter in resolved}

    def body(self, old: Schema, new: Schema) -> Iterator[str]:
        new = self.resolved(new, self.new)
        if new.get("required") and not old.get("required"):
            yield "a body is required"
        for content_type, media in old.get("content", {}).items():
            if content_type not in new.get("content", {}):
                yield f"a body of `{content_type}` is not accepted"
                continue
            after = new["content"][content_type]
            yield from self.sent(media.get("schema", {}), after.get("schema", {}), "the body")

    def answer(self, status: str, old: Schema, new: Schema | None) -> Iterator[str]:
        if new is None:
            # Removing an error response breaks no client.
            if status < "400":
                yield f"does not answer {status}"
            return
        old, new = self.resolved(old, self.old), self.resolved(new, self.new)
        for content_type, media in old.get("content", {}).items():
            if content_type not in new.get("content", {}):
                yield f"does not answer {status} with `{content_type}`"
                continue
            after = new["content"][content_type]
            yield from self.read(media.get("schema", {}), after.get("schema", {}), f"the answer {status}")

    def sent(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        """Yield parts of requests that the new document rejects."""
        yield from self.schema(old, new, where, sent=True, seen=frozenset())

    def read(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        """Yield parts of responses that the new document does not guarantee."""
        yield from self.schema(old, new, where, sent=False, seen=frozenset())

    def schema(
        self, old: Schema, new: Schema, where: str, *, sent: bool, seen: frozenset[tuple[str, str]]
    ) -> Iterator[str]:
        # Schemas can be recursive: stop at a pair that was already compared.
        pair = (repr(old), repr(new))
        if pair in seen:
            return
        seen |= {pair}
        old, new = self.merged(old, self.old), self.merged(new, self.new)
        yield from values(old, new, where, sent=sent)
        if sent:
            yield from limits(old, new, where)
        yield from properties(old, new, where, sent=sent)
        for name, part in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                after = new["properties"][name]
                yield from self.schema(part, after, f"`{name}` of {where}", sent=sent, seen=seen)
        for keyword, words in (("items", "an item of"), ("additionalProperties", "a value of")):
            part, after = old.get(keyword), new.get(keyword)
            if isinstance(part, dict) and isinstance(after, dict):
                yield from self.schema(part, after, f"{words} {where}", sent=sent, seen=seen)
        yield from self.choices(old, new, where, sent=sent)

    def choices(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        for keyword in ("oneOf", "anyOf"):
            before = [self.merged(choice, self.old) for choice in old.get(keyword, [])]
            after = [self.merged(choice, self.new) for choice in new.get(keyword, [])]
            if sent and after and any(choice not in after for choice in before):
                yield f"{where} has one form less"
            if not sent and before and any(choice not in before for choice in after):
                yield f"{where} has one form more"

    def resolved(self, part: Schema, document: Schema) -> Schema:
        """Resolve `$ref` references."""
        while "$ref" in part:
            target: Any = document
            for key in part["$ref"].removeprefix("#/").split("/"):
                target = target[key.replace("~1", "/").replace("~0", "~")]
            part = target
        return part

    def merged(self, schema: Schema, document: Schema) -> Schema:
        """Return a schema with `allOf` merged into it, and with the types of its `oneOf` and `anyOf`."""
        schema = dict(self.resolved(schema, document))
        for part in schema.pop("allOf", []):
            added = self.merged(part, document)
            schema["properties"] = added.get("properties", {}) | schema.get("properties", {})
            schema["required"] = [*added.get("required", []), *schema.get("required", [])]
            schema = added | schema
        choices = [*schema.get("oneOf", []), *schema.get("anyOf", [])]
        if choices and "type" not in schema:
            schema["type"] = list(set().union(*(types(self.merged(choice, document)) for choice in choices)))
        return schema


def types(schema: Schema) -> set[str]:
    named = schema.get("type")
    found = {named} if isinstance(named, str) else set(named or ANY_TYPE)
    found |= {"null"} if schema.get("nullable") else set()
    return found | ({"integer"} if "number" in found else set())


def values(old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
    lost, added = types(old) - types(new), types(new) - types(old)
    if changed := lost if sent else added:
        yield f"{where} {'may not' if sent else 'may'} be {listed(changed)}"
    if old.get("format") != new.get("format") and (old.get("format") or sent):
        yield f"{where} has the format {new.get('format', 'none')} in place of {old.get('format', 'none')}"
    before, after = old.get("enum"), new.get("enum")
    if sent and after is not None and (before is None or set(before) - set(after)):
        yield f"{where} must be one of {listed(after)}"
    if not sent and before is not None and (after is None or set(after) - set(before)):
        yield f"{where} may be something else than {listed(before)}"


def limits(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for keyword in UPPER_LIMITS:
        if keyword in new and (keyword not in old or new[keyword] < old[keyword]):
            yield f"{where} has {keyword} {new[keyword]}"
    for keyword in LOWER_LIMITS:
        if keyword in new and (keyword not in old or new[keyword] > old[keyword]):
            yield f"{where} has {keyword} {new[keyword]}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{where} must match `{new['pattern']}`"


def properties(old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before.keys() - after.keys():
        yield f"{where} has no `{name}`"
    required, asked = set(old.get("required", [])), set(new.get("required", []))
    for name in asked - required if sent else set():
        yield f"{where} must have `{name}`"
    for name in (required - asked) & after.keys() if not sent else set():
        yield f"{where} may lack `{name}`"


def listed(names: Any) -> str:
    return ", ".join(sorted(f"`{name}`" for name in names))


def report(old: Schema, new: Schema) -> tuple[str, bool]:
    """Return the report, and whether there are breaking changes."""
    found = sorted(set(Comparison(old, new).breaks()))
    if not found:
        return "No change of the API breaks its clients.\n", False
    lines = ["# Changes that break clients of the API", "", "| operation | change |", "|---|---|"]
    lines += [f"| `{operation}` | {change} |" for operation, change in found]
    return "\n".join(lines) + "\n", True


def main() -> int:
    old, new = (yaml.safe_load(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:])
    text, broken = report(old, new)
    sys.stdout.write(text)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
