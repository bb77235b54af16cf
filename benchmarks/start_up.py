"""Compare `manage.py check` of the default project with that of a bare `startproject` with DRF installed.

Usage: `.venv/bin/python benchmarks/start_up.py [rounds]`. Runs alternate in the same environment; prints the medians of
the CPU times and the median of the pairwise ratios.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from project import FOLDER, project

if TYPE_CHECKING:
    from pathlib import Path

TARGET = 1.6


def main(rounds: int) -> int:
    """Print the table; return 0 if the target is met."""
    ours = project()
    python = str(ours / ".venv" / "bin" / "python")
    bare = bare_project(python)
    pairs = []
    for turn in range(rounds + 1):
        pair = check(python, ours), check(python, bare)
        if turn:  # the first round compiles bytecode
            pairs.append(pair)
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"default project {statistics.median(a for a, _ in pairs):.3f} s")
    print(f"bare project    {statistics.median(b for _, b in pairs):.3f} s")
    print(f"ratio           {ratio:.2f} x   at most {TARGET} x, {rounds} pairs, processor time")
    return 0 if ratio <= TARGET else 1


def bare_project(python: str) -> Path:
    """Create a `startproject` with Django REST Framework installed."""
    folder = FOLDER / "bare"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([python, "-m", "django", "startproject", "bare", "."], cwd=folder, check=True)
    settings = folder / "bare" / "settings.py"
    text = settings.read_text(encoding="utf-8")
    text = text.replace("INSTALLED_APPS = [", "INSTALLED_APPS = [\n    'rest_framework',")
    settings.write_text(text, encoding="utf-8")
    return folder


def check(python: str, folder: Path) -> float:
    """Run `manage.py check` and return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "manage.py", "check"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 11))
