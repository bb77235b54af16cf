"""Print the notes of a release from `CHANGELOG.md`, for `.github/workflows/release.yml`.

Run `python3 .github/release_notes.py v1.0.0`. It fails unless the tag, the version in `pyproject.toml` and a dated
section of the changelog agree.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(tag: str) -> int:
    """Print the notes, or the reason why there are none; return the exit status."""
    try:
        print(notes(tag, changelog=(ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version=project_version()))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def notes(tag: str, *, changelog: str, version: str) -> str:
    """Return the section of the changelog for a tag such as `v1.0.0`.

    Raises:
        ValueError: the tag is not `version`, or the changelog has no section with a date for it.
    """
    if tag != f"v{version}":
        raise ValueError(f"The tag is {tag}, but the version in pyproject.toml is {version}.")
    heading = rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d\n"
    section = re.search(rf"{heading}(.+?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        raise ValueError(f'CHANGELOG.md has no section "## {version} - YYYY-MM-DD".')
    return section[1].strip()


def project_version() -> str:
    """Return the version in `pyproject.toml`."""
    version: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
