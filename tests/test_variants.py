"""Every combination of three options is baked and read, without installing anything."""

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
    """Read a text file the way its name says; raises whatever that format's reader raises."""
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
    """List what no hand-written file would have."""
    found = [f"{mark!r} is left of the template" for mark in TOOLS if mark in text]
    if "{%" in text and "templates" not in PurePath(name).parts:
        found.append("a Jinja tag is left of the template")
    # Python in Markdown is formatted as Python, with two blank lines between functions.
    blank_lines = 3 if name.endswith((".py", ".md")) else 2
    if "\n" * (blank_lines + 1) in text or text.startswith("\n") or text.endswith("\n\n"):
        found.append("too many blank lines")
    if re.search(r"[ \t]+$", text, re.MULTILINE):
        found.append("white space at the end of a line")
    if "\r" in text or (text and not text.endswith("\n")):
        found.append("a line end is missing or not LF")
    return found


def test_variants_hold_every_combination_of_three_that_is_accepted() -> None:
    rows = [values_of(answers) for answers in VARIANTS]
    for keys in itertools.combinations(factors(), 3):
        possible = set(itertools.product(*(factors()[key] for key in keys)))
        missing = possible - {tuple(row[key] for key in keys) for row in rows}
        assert all(is_refused(dict(zip(keys, combination, strict=True))) for combination in missing)


@every_variant
def test_every_file_can_be_read(bake: Bakery, answers: Answers) -> None:
    for name, text in texts_of(bake(**answers)):
        parse(name, text)


@every_variant
def test_every_file_looks_written_by_hand(bake: Bakery, answers: Answers) -> None:
    found = {name: blemishes(name, text) for name, text in texts_of(bake(**answers))}
    assert {name: faults for name, faults in found.items() if faults} == {}


def anchors(text: str) -> set[str]:
    """Return what a link into a Markdown page may name after `#`."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@every_variant
def test_every_link_in_its_documents_leads_somewhere(bake: Bakery, answers: Answers) -> None:
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


@every_variant
def test_it_is_linted_and_formatted_as_it_comes(bake: Bakery, answers: Answers) -> None:
    project = bake(**answers)
    run(RUFF, "check", "--no-cache", "--output-format=concise", cwd=project)
    run(RUFF, "format", "--check", "--no-cache", cwd=project)


@every_variant
def test_what_was_chosen_is_there_and_nothing_else(bake: Bakery, answers: Answers) -> None:
    project, keep = bake(**answers), context_of(answers)["__keep"]
    gone = {PurePath(path) for path in unchosen_paths(keep)}
    chosen = {path for path in keep if gone.isdisjoint([PurePath(path), *PurePath(path).parents])}
    assert {path for path in keep if (project / path).exists()} == chosen
    assert [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_no_two_variants_are_the_same(bake: Bakery) -> None:
    seen: dict[str, Answers] = {}
    for answers in VARIANTS:
        digest = digest_of(bake(**answers))
        same = seen.setdefault(digest, answers)
        assert what_applies(same) == what_applies(answers), f"{answers} and {same}"


def what_applies(answers: Answers) -> Answers:
    """Return the answers without those that change nothing: there is no proxy without containers."""
    idle = {"reverse_proxy"} if answers["deployment"] == "none" else set()
    return {key: value for key, value in answers.items() if key not in idle}


def digest_of(project: Path) -> str:
    return hashlib.sha256(
        b"\0".join(name.encode() + b"\0" + content for name, content in files_of(project))
    ).hexdigest()
