"""Pre-generation hook: reject invalid answers before any file is written.

Cookiecutter renders this file and runs it in the empty project folder. The answers are JSON in a raw string, which is
safe for any input: JSON escapes double quotes, so that the string cannot be terminated.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import unicodedata
import zoneinfo
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ANSWERS = r"""{{ cookiecutter | jsonify }}"""

SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# https://www.postgresql.org/docs/current/sql-createrole.html; and databases that every server has
RESERVED_BY_POSTGRESQL = frozenset({"none", "postgres", "public", "template0", "template1"})
ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")

# Copied from `cookiecutter.json`, because the context of a hook contains the selected values only.
CHOICES = {
    "license": ("MIT", "BSD-3-Clause", "Apache-2.0", "GPL-3.0-or-later", "Proprietary"),
    "django_version": ("5.2", "6.1"),
    "python_version": ("3.14", "3.13", "3.12"),
    "media_storage": ("filesystem", "s3", "gcs", "azure"),
    "admin_theme": ("django", "unfold", "jazzmin"),
    "deployment": ("compose", "kubernetes", "none"),
    "reverse_proxy": ("caddy", "nginx"),
    "ci_provider": ("github", "gitlab", "none"),
}
# Values of `features` other than names of features.
WHOLE = ("all", "none")
SWITCHES = ("use_celery", "use_channels", "use_opentelemetry")


def main() -> int:
    """Print all errors to stderr; return 1 if there are any."""
    answers = json.loads(ANSWERS)
    found = list(faults(answers))
    for fault in found:
        print(fault, file=sys.stderr)
    if found and "_output_dir" in answers:  # not set by cruft, which has a different command line
        print("\nTo try again, with an example for each bad answer:", file=sys.stderr)
        print(f"\n  {command(answers, found)}", file=sys.stderr)
    return 1 if found else 0


def command(answers: Mapping[str, Any], found: list[str]) -> str:
    """Return a command line with all answers, where the examples of `found` replace invalid ones."""
    examples = {fault.partition(":")[0]: fault.rpartition("for example: ")[2] for fault in found}
    pairs = []
    for key, typed in answers.items():
        answer = examples.get(key, typed)
        if not key.startswith("_"):
            pairs.append(f"{key}={str(answer).lower() if isinstance(answer, bool) else answer}")
    words = ["cookiecutter", "--no-input", answers["_template"]]
    if answers.get("_checkout"):
        words += ["--checkout", answers["_checkout"]]
    if answers["_output_dir"] != os.environ.get("PWD", answers["_output_dir"]):
        words += ["--output-dir", answers["_output_dir"]]
    return shlex.join([*words, *pairs])


def faults(answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line `key: error, for example: valid value` for each invalid answer.

    Args:
        answers: the context of cookiecutter, including private keys.
    """
    checks: dict[str, tuple[Callable[[str], str], str]] = {
        "project_name": (line_fault, "Parcel Tracker"),
        "project_slug": (slug_fault, "parcel_tracker"),
        "description": (line_fault, "Tracks parcels."),
        "author_name": (line_fault, "Ada Lovelace"),
        "email": (email_fault, "api@example.com"),
        "domain_name": (host_fault, "api.example.com"),
        "timezone": (zone_fault, "Europe/Berlin"),
    }
    for key, (fault_of, example) in checks.items():
        if wrong := fault_of(answers[key]):
            yield f"{key}: {wrong}, for example: {example}"
    yield from option_faults(answers)
    yield from feature_faults(answers)


def line_fault(text: str) -> str:
    """Return why `text` is not one printable line, or an empty string.

    Format characters (emoji joiners, right-to-left marks) are allowed.
    """
    if not text.strip():
        return "is empty"
    for character in text:
        # Not representable in YAML or TOML: control characters, line separators, surrogates, noncharacters.
        noncharacter = ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
        if noncharacter or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            return f"has the character U+{ord(character):04X}, it must be one line of printable text"
    return ""


def slug_fault(slug: str) -> str:
    """Return why `slug` cannot name the folder, the database and its user, or an empty string."""
    if not SLUG.fullmatch(slug):
        return f"{slug!a} is not a lower-case letter followed by at most 39 letters, digits or underscores"
    if slug.startswith("pg_") or slug in RESERVED_BY_POSTGRESQL:
        return f"{slug!a} is reserved by PostgreSQL, where it would name the database and its user"
    return ""


def email_fault(address: str) -> str:
    """Return why `address` is not a valid email, or an empty string."""
    local, at, host = address.rpartition("@")
    if not at:
        return f"{address!a} has no @"
    if not LOCAL_PART.fullmatch(local) or len(local) > 64:
        return f"{local!a} is not valid before the @"
    return host_fault(host.lower())


def host_fault(host: str) -> str:
    """Return why `host` is not a host name as sent by browsers, or an empty string."""
    labels = host.split(".")
    if len(host) > 253 or not all(HOST_LABEL.fullmatch(label) for label in labels):
        return f"{host!a} is not a host name: lower-case letters, digits and hyphens between dots"
    if labels[-1].isdigit():
        return f"{host!a} is an IP address, not a host name"
    return ""


def zone_fault(zone: str) -> str:
    """Return why `zone` is not an IANA time zone, or an empty string."""
    # Windows has no time zone database: there, only the pattern is checked.
    if not ZONE.fullmatch(zone) or (not is_known(zone) and is_known("UTC")):
        return f"{zone!a} is not an IANA time zone"
    return ""


def is_known(zone: str) -> bool:
    """Return whether the time zone exists. Listing all zones would double the generation time."""
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True


def option_faults(answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield an error for each option whose value is not a valid choice (cookiecutter does not check replay files)."""
    for option, choices in CHOICES.items():
        if answers[option] not in choices:
            known = ", ".join(choices)
            yield f"{option}: {answers[option]!a} is not one of {known}, for example: {choices[0]}"
    for option in SWITCHES:
        if not isinstance(answers[option], bool):
            yield f"{option}: {answers[option]!a} is neither true nor false, for example: true"


def feature_faults(answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield an error for unknown or conflicting names in `features`, and one for each missing required option.

    The private key `_features` maps each name to the option that the feature requires, or to an empty string.
    """
    needs: dict[str, str] = answers["_features"]
    typed = dict.fromkeys(str(answers["features"]).lower().replace(",", " ").split())
    corrected: dict[str, None] = {}
    wrong = []
    for name in typed:
        nearest = [name] if name in needs or name in WHOLE else close_matches(name, needs)
        corrected |= dict.fromkeys(nearest)
        if name not in nearest:
            wrong.append(f"{name!a} is unknown" + "".join(f" (did you mean {match}?)" for match in nearest))
    names = [name for name in needs if name in corrected]
    if len(corrected) > 1 and (whole := [name for name in WHOLE if name in corrected]):
        wrong.append(f"{' and '.join(whole)} cannot be combined with other names")
    elif "all" in corrected:
        names = list(needs)
    if wrong:
        example = " ".join(names) or "none"
        yield f"features: {', '.join(wrong)}; choose from {', '.join([*needs, *WHOLE])}, for example: {example}"
    for option in dict.fromkeys(needs[name] for name in names if needs[name]):
        if answers[option] is False:
            users = [name for name in names if needs[name] == option]
            yield f"{option}: is needed by {' and '.join(users)} in features, for example: true"


def close_matches(name: str, names: Iterable[str]) -> list[str]:
    """Return the most similar name, if there is one."""
    import difflib  # noqa: PLC0415 - a third of the import time, and only needed for unknown names

    return difflib.get_close_matches(name, list(names), n=1)


if __name__ == "__main__":
    sys.exit(main())
