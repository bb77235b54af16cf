"""Static checks of every three-way combination of options, without installation."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import sys
import tomllib
from pathlib import Path, PurePath

import pytest
import yaml
from baking import (
    Answers,
    Bakery,
    context_of,
    covering_array,
    factors,
    files_of,
    is_refused,
    label,
    run,
    texts_of,
    values_of,
)
from post_gen_project import unchosen_paths

RUFF = Path(sys.executable).with_name("ruff")
VARIANTS = covering_array(strength=3)
TOOLS = ("# %", "{{ cookiecutter", "{{cookiecutter", "cookiecutter.")
every_variant = pytest.mark.parametrize("answers", VARIANTS, ids=label)


def parse(name: str, text: str) -> object:
    """Parse a text file according to its extension; raises the errors of the parser."""
    match PurePath(name).suffix:
        case ".py":
            return compile(text, name, "exec", dont_inherit=True)
        case ".toml":
            return tomllib.loads(text)
        case ".json":
            return json.loads(text)
        case ".yml" | ".yaml":
            return list(yaml.safe_load_all(text))
    return None


def blemishes(name: str, text: str) -> list[str]:
    """Return formatting errors and remains of template syntax."""
    # This script runs cookiecutter.
    marks = [] if name == "tools/update.py" else TOOLS
    found = [f"{mark!r} is left of the template" for mark in marks if mark in text]
    if marks and "{%" in text and "templates" not in PurePath(name).parts:
        found.append("a Jinja tag is left of the template")
    # Python blocks in Markdown have two blank lines between functions, and templates of Python too.
    blank_lines = 3 if name.endswith((".py", ".md", ".tpl")) else 2
    if "\n" * (blank_lines + 1) in text or text.startswith("\n") or text.endswith("\n\n"):
        found.append("too many blank lines")
    if re.search(r"[ \t]+$", text, re.MULTILINE):
        found.append("white space at the end of a line")
    if "\r" in text or (text and not text.endswith("\n")):
        found.append("a line end is missing or not LF")
    return found


def test_variants_cover_every_accepted_three_way_combination() -> None:
    rows = [values_of(answers) for answers in VARIANTS]
    for keys in itertools.combinations(factors(), 3):
        possible = set(itertools.product(*(factors()[key] for key in keys)))
        missing = possible - {tuple(row[key] for key in keys) for row in rows}
        assert all(is_refused(dict(zip(keys, combination, strict=True))) for combination in missing)


@every_variant
def test_files_can_be_parsed(bake: Bakery, answers: Answers) -> None:
    for name, text in texts_of(bake(**answers)):
        parse(name, text)


@every_variant
def test_files_have_no_blemishes(bake: Bakery, answers: Answers) -> None:
    found = {name: blemishes(name, text) for name, text in texts_of(bake(**answers))}
    assert {name: faults for name, faults in found.items() if faults} == {}


def anchors(text: str) -> set[str]:
    """Return the anchors of a Markdown page."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@every_variant
def test_documentation_links_are_valid(bake: Bakery, answers: Answers) -> None:
    project = bake(**answers)
    broken = []
    for page in project.rglob("*.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if ":" in path or (
                target.exists() and (not anchor or anchor in anchors(target.read_text(encoding="utf-8")))
            ):
                continue
            broken.append(f"{page.relative_to(project)}: {link}")
    assert broken == []


def targets_of(project: Path) -> set[str]:
    makefiles = [project / "Makefile", *project.glob("deploy/*/targets.mk")]
    return {name for file in makefiles for name in re.findall(r"^([a-z-]+):", file.read_text("utf-8"), re.MULTILINE)}


@every_variant
def test_make_targets_of_documentation_exist(bake: Bakery, answers: Answers) -> None:
    project = bake(**answers)
    unknown = []
    for page in project.rglob("*.md"):
        code = re.findall(r"`(make [^`]+)`|^(make .+)$", page.read_text("utf-8"), re.MULTILINE)
        named = {word for pair in code for word in re.split(r"[#;&|>]", "".join(pair))[0].split()}
        named = {word for word in named if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")} - {"make"}
        unknown += [f"{page.relative_to(project)}: {name}" for name in sorted(named - targets_of(project))]
    assert unknown == []


@every_variant
def test_paths_and_commands_of_guides_exist(bake: Bakery, answers: Answers) -> None:
    project = bake(**answers)
    known = {path.stem for path in project.rglob("management/commands/*.py")} | {"createsuperuser", "migrate"}
    for name in ("AGENTS.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"):
        text = (project / name).read_text("utf-8")
        paths = re.findall(r"`((?:\.?[\w-]+/)+[\w.-]*|[\w.-]+\.(?:md|py|toml|lock|example))`", text)
        paths = [path for path in paths if not path.startswith((".venv/", "client/", "openapi.yaml", "uv.lock"))]
        missing = [path for path in paths if not any(itertools.chain(project.glob(path), project.rglob(path)))]
        assert missing == [], name
        assert set(re.findall(r"manage\.py (\w+)", text)) <= known, name
    assert len((project / "AGENTS.md").read_text("utf-8").splitlines()) <= 80


@every_variant
def test_project_is_linted_and_formatted_as_generated(bake: Bakery, answers: Answers) -> None:
    project = bake(**answers)
    run(RUFF, "check", "--no-cache", "--output-format=concise", cwd=project)
    run(RUFF, "format", "--check", "--no-cache", cwd=project)


@every_variant
def test_project_contains_exactly_the_selected_files(bake: Bakery, answers: Answers) -> None:
    project, context = bake(**answers), context_of(answers)
    keep = context["_keep"]
    gone = {PurePath(path) for path in unchosen_paths(context)}
    chosen = {path for path in keep if gone.isdisjoint([PurePath(path), *PurePath(path).parents])}
    assert {path for path in keep if (project / path).exists()} == chosen
    assert [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_variants_are_distinct(bake: Bakery) -> None:
    seen: dict[str, Answers] = {}
    for answers in VARIANTS:
        digest = digest_of(bake(**answers))
        same = seen.setdefault(digest, answers)
        assert what_applies(same) == what_applies(answers), f"{answers} and {same}"


def what_applies(answers: Answers) -> Answers:
    """Return the answers without ineffective ones: without containers, there is no proxy."""
    idle = {"reverse_proxy"} if answers["deployment"] == "none" else set()
    return {key: value for key, value in answers.items() if key not in idle}


def digest_of(project: Path) -> str:
    return hashlib.sha256(
        b"\0".join(name.encode() + b"\0" + content for name, content in files_of(project))
    ).hexdigest()
