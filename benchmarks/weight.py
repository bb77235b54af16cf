"""Count the files and lines of a generated project against the targets of the default one.

Run `make weight`, or `.venv/bin/python benchmarks/weight.py [key=value …]` for other answers.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bake import export

TARGETS = {"files": 260, "production Python": 4800, "tools": 1500, "tests": 6000, "Markdown": 2500}
# Paths of the project that a serving process may import.
PRODUCTION = {"apps", "config", "infrastructure", "gunicorn.conf.py"}


def main(answers: list[str]) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["--no-input", "--default-config", "-o", folder, str(export(Path(folder) / "template")), *answers]
        subprocess.run([sys.executable, "-m", "cookiecutter", *command], check=True, capture_output=True)
        (project,) = (path for path in Path(folder).iterdir() if path.name != "template")
        found = weigh(project)
    for name, target in TARGETS.items():
        print(f"{name:<20}{found[name]:>7}   target: at most {target}")


def weigh(project: Path) -> dict[str, int]:
    """Return the number of files, and the lines of each kind. Migrations count as files only."""
    found = dict.fromkeys(TARGETS, 0)
    for path in (each for each in project.rglob("*") if each.is_file()):
        found["files"] += 1
        parts = path.relative_to(project).parts
        if path.suffix == ".md":
            found["Markdown"] += lines(path)
        elif path.suffix == ".py" and "migrations" not in parts:
            is_test = "tests" in parts or parts == ("conftest.py",)
            kind = "tests" if is_test else "production Python" if parts[0] in PRODUCTION else "tools"
            found[kind] += lines(path)
    return found


def lines(path: Path) -> int:
    """Return the number of lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main(sys.argv[1:])
