"""Compare the generation time with that of a copy of the same tree, and of a template with one file.

Usage: `.venv/bin/python benchmarks/bake.py [rounds]`. Runs of the cookiecutter command alternate, so that other load
affects all templates; prints the medians of the CPU times and the medians of the ratios of each round.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = "{{cookiecutter.project_slug}}"
COPY_TARGET, ONE_FILE_TARGET = 1.25, 2.0


def main(rounds: int) -> int:
    """Print the table; return 0 if the targets are met."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        whole = export(place / "whole")
        templates = {
            "this template": whole,
            "its copy": copied_template(place / "copy", whole / TREE),
            "one file": one_file_template(place / "one"),
        }
        seconds: dict[str, list[float]] = {name: [] for name in templates}
        for _ in range(rounds):
            for name, template in templates.items():
                seconds[name].append(bake(template, place / "out"))
                shutil.rmtree(place / "out")
    print(f"{'template':<16}{'median':>10}{'fastest':>10}   {rounds} rounds in turn, processor time")
    for name, values in seconds.items():
        print(f"{name:<16}{statistics.median(values):>9.3f}s{min(values):>9.3f}s")
    targets = {"its copy": COPY_TARGET, "one file": ONE_FILE_TARGET}
    ratios = {
        name: statistics.median(a / b for a, b in zip(seconds["this template"], seconds[name], strict=True))
        for name in targets
    }
    for name, ratio in ratios.items():
        print(f"to {name:<13}{ratio:>9.2f}x   at most {targets[name]}x")
    return 0 if all(ratios[name] <= target for name, target in targets.items()) else 1


def copied_template(folder: Path, tree: Path) -> Path:
    """Write a template with the same files, but without hooks, which cookiecutter copies without rendering."""
    shutil.copytree(tree, folder / TREE)
    # Patterns of files, as in this template: cookiecutter copies a matching folder as a whole, which is faster.
    answers = {"project_slug": "my_api", "_copy_without_render": ["*.*", "*file", "LICENSE"]}
    (folder / "cookiecutter.json").write_text(json.dumps(answers), encoding="utf-8")
    return folder


def one_file_template(folder: Path) -> Path:
    """Write a template with one prompt, one file and no hooks."""
    tree = folder / TREE
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
    """Generate a project and return the CPU seconds of cookiecutter and its hooks."""
    command = [sys.executable, "-m", "cookiecutter", "--no-input", "--default-config", "-o", str(output), str(template)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 9))
