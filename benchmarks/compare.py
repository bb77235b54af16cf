"""Measure what can be measured of the comparison with other templates, for this template and for checkouts of others.

Usage: `make compare`, or `.venv/bin/python benchmarks/compare.py [folder of a template …]`. Needs no network; a
template of copier needs the command `copier`. Each template is generated with its default answers.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from bake import ROOT, export

COPIER = ("copier.yml", "copier.yaml")
COUNTED = {".py", ".toml", ".yml", ".yaml"}
ROUNDS = 3
UNKNOWN = "unknown"
# Tests of this template whose cases are sets of answers.
VARIANTS = {
    "sets of answers generated and linted": ("tests/test_variants.py", "test_files_can_be_parsed"),
    "sets of answers installed and tested": ("tests/test_suites.py", "test_variant_passes_its_checks_and_tests"),
}


class Template(NamedTuple):
    """A template: its folder, whether copier generates from it, and the folder with the files of a project."""

    folder: Path
    is_copier: bool
    tree: Path


def main(peers: list[str]) -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as temporary:
        own = export(Path(temporary) / "own")
        columns = {"this template": own, **{Path(peer).resolve().name: Path(peer).resolve() for peer in peers}}
        found = {name: measure(folder, Path(temporary) / "out") for name, folder in columns.items()}
    found["this template"] |= variants()
    fastest = found["this template"]["seconds"]
    for rows in found.values():
        rows["generation time"] = ratio(rows.pop("seconds"), fastest)
    labels = list(dict.fromkeys(label for rows in found.values() for label in rows))
    print(f"{'':<38}" + "".join(f"{name:>24}" for name in found))
    for label in labels:
        print(f"{label:<38}" + "".join(f"{rows.get(label, UNKNOWN):>24}" for rows in found.values()))
    return 0


def measure(folder: Path, output: Path) -> dict[str, str]:
    """Return the rows of one template."""
    template = recognize(folder)
    rows = {"control lines": control_lines(template), "files of the template": str(len(files(template.tree)))}
    seconds = [generate(template, output / str(number)) for number in range(ROUNDS)]
    if any(each is None for each in seconds):
        return {**rows, "seconds": UNKNOWN}
    project = output / "0"
    rows |= {
        "files of the default project": str(len(files(project))),
        "Python lines of the default project": str(python_lines(project)),
        "services required to start": services(project),
        "seconds": str(min(each for each in seconds if each is not None)),
    }
    shutil.rmtree(output)
    return rows


def recognize(folder: Path) -> Template:
    """Return the template in a folder."""
    if (folder / "cookiecutter.json").exists():
        return Template(folder, is_copier=False, tree=next(path for path in folder.iterdir() if "{{" in path.name))
    for path in (folder / name for name in COPIER):
        if path.exists():
            subfolder = re.search(r"^_subdirectory: *['\"]?([^'\"\s]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
            return Template(folder, is_copier=True, tree=folder / subfolder[1] if subfolder else folder)
    sys.exit(f"{folder} contains neither cookiecutter.json nor copier.yml")


def files(folder: Path) -> list[Path]:
    """Return the files of a folder, without those of git."""
    return [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts]


def control_lines(template: Template) -> str:
    """Return the share of control lines in Python, TOML and YAML."""
    settings = template.folder / "cookiecutter.json"
    options = json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {}
    prefix = options.get("_jinja2_env_vars", {}).get("line_statement_prefix")
    pattern = re.compile(r"\{%" + (rf"|^\s*{re.escape(prefix)} " if prefix else ""))
    paths = [path for path in files(template.tree) if {path.suffix, Path(path.stem).suffix} & COUNTED]
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return f"{sum(1 for line in lines if pattern.search(line)) / len(lines):.1%}" if lines else UNKNOWN


def generate(template: Template, output: Path) -> float | None:
    """Generate a project with the default answers and return the CPU seconds, or nothing if that is impossible."""
    command = [
        sys.executable,
        "-m",
        "cookiecutter",
        "--no-input",
        "--default-config",
        "-o",
        str(output),
        str(template.folder),
    ]
    if template.is_copier:
        copier = shutil.which("copier")
        if not copier:
            return None
        command = [
            copier,
            "copy",
            "--quiet",
            "--defaults",
            "--trust",
            "--vcs-ref",
            "HEAD",
            str(template.folder),
            str(output),
        ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    failed = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return None if failed else after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def python_lines(project: Path) -> int:
    """Return the number of lines of Python."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files(project) if path.suffix == ".py")


def services(project: Path) -> str:
    """Return the database that the settings use without configuration, the first service that a project needs."""
    paths = [
        path for path in files(project) if path.suffix == ".py" and re.search(r"settings|database", path.as_posix())
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    if re.search(r"sqlite", text, re.IGNORECASE):
        return "none (SQLite)"
    return "PostgreSQL" if re.search(r"postgres", text, re.IGNORECASE) else UNKNOWN


def variants() -> dict[str, str]:
    """Return the number of sets of answers that the tests of this template cover."""
    found = {}
    for label, (path, test) in VARIANTS.items():
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "variants or not variants", path]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        found[label] = str(listed.count(f"{test}["))
    return found


def ratio(seconds: str, fastest: str) -> str:
    """Return a time relative to that of this template."""
    return UNKNOWN if seconds == UNKNOWN else f"{float(seconds) / float(fastest):.2f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
