"""Compare the generation time with that of a template with one file.

Usage: `.venv/bin/python benchmarks/bake.py [rounds]`. Runs of the cookiecutter command alternate, so that other load
affects both templates; prints the medians and their ratio.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = 2.0


def main(rounds: int) -> int:
    """Print the table; return 0 if the target is met."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        templates = {"one file": one_file_template(place / "one"), "this template": export(place / "whole")}
        seconds: dict[str, list[float]] = {name: [] for name in templates}
        for _ in range(rounds):
            for name, template in templates.items():
                seconds[name].append(bake(template, place / "out"))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{'template':<16}{'median':>10}{'fastest':>10}   {rounds} rounds in turn")
    for name, values in seconds.items():
        print(f"{name:<16}{medians[name]:>9.3f}s{min(values):>9.3f}s")
    ratio = medians["this template"] / medians["one file"]
    print(f"{'ratio':<16}{ratio:>9.2f}x   at most {TARGET}x")
    return 0 if ratio <= TARGET else 1


def one_file_template(folder: Path) -> Path:
    """Write a template with one prompt, one file and no hooks."""
    tree = folder / "{{cookiecutter.project_slug}}"
    tree.mkdir(parents=True)
    (folder / "cookiecutter.json").write_text(json.dumps({"project_slug": "my_api"}), encoding="utf-8")
    (tree / "README.md").write_text("# {{cookiecutter.project_slug}}\n", encoding="utf-8")
    return folder


def export(folder: Path) -> Path:
    """Copy the files tracked by git, as in a clone."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listing.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


def bake(template: Path, output: Path) -> float:
    """Generate a project and return the elapsed seconds."""
    command = [sys.executable, "-m", "cookiecutter", "--no-input", "--default-config", "-o", str(output), str(template)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    elapsed = time.perf_counter() - start
    shutil.rmtree(output)
    return elapsed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9))
