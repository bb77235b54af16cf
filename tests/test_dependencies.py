"""Age of the newest release of each direct dependency of the generated project."""

from __future__ import annotations

import re
import subprocess
import tomllib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from baking import DEFINITION, ROOT, TREE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The result depends on the date: it runs weekly, not with each change.
pytestmark = pytest.mark.dependencies
LONGEST = timedelta(days=18 * 30.4)
# Dependencies that are kept without a recent release, with the reason.
REVIEWED = {
    "argon2-cffi": "required by Django's Argon2 hasher",
    "channels-redis": "maintained by the Django project, with Channels",
    "django-storages": "the variants test each storage with every supported version of Django",
    "djangorestframework-simplejwt": "imported by one module, so that it can be replaced",
    "factory-boy": "used by tests only, which run on every supported version",
    "openpyxl": "for a stable file format; one function imports it, so that it can be replaced",
    "polib": "used by tests only, for a stable file format",
    "pytest-xdist": "maintained by the pytest project",
    "python-decouple": "without dependencies, and imported by config/env.py only",
}


def direct_dependencies() -> Iterator[str]:
    """Yield the names of the direct dependencies of all variants, without extras and versions."""
    project = tomllib.loads((ROOT / TREE / "pyproject.toml").read_text(encoding="utf-8"))
    for group in (project["project"]["dependencies"], *project["dependency-groups"].values()):
        yield from (re.split(r"[\[~=<>]", line)[0] for line in group if isinstance(line, str))


def released(package: dict[str, Any]) -> datetime | None:
    """Return when the last file of a release was uploaded, or None if the index does not say so."""
    files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
    return max((file["upload-time"] for file in files if "upload-time" in file), default=None)


def test_dependencies_without_release_for_18_months_are_reviewed(tmp_path: Path, environment: dict[str, str]) -> None:
    names = set(direct_dependencies())
    (tmp_path / "names.txt").write_text("\n".join(sorted(names)), encoding="utf-8")
    # The newest release of each, by the configured index. A lock file has the upload times.
    options = ["--quiet", "--no-deps", "--no-python-downloads", "--format", "pylock.toml"]
    version = DEFINITION["python_version"][0]
    command = ["uv", "pip", "compile", *options, "--python-version", version, "names.txt"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    if result.returncode:
        pytest.skip(f"the package index does not respond: {result.stderr.strip()}")
    packages = {package["name"]: released(package) for package in tomllib.loads(result.stdout)["packages"]}
    assert packages.keys() == names
    dates = {name: date for name, date in packages.items() if date}
    if not dates:
        pytest.skip("the package index has no upload times")
    oldest = datetime.now(UTC) - LONGEST
    stale = {name: f"{date:%Y-%m-%d}" for name, date in sorted(dates.items()) if date < oldest}
    unreviewed = {name: date for name, date in stale.items() if name not in REVIEWED}
    assert unreviewed == {}, "replace them, or add the reason to keep them to REVIEWED"
    assert REVIEWED.keys() <= names
