"""Arbitrary free text is preserved in valid files (property-based)."""

from __future__ import annotations

import io
import shutil
import tempfile
import tomllib
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from baking import PROMPTS, texts_of
from cookiecutter.main import cookiecutter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pre_gen_project import line_fault
from test_variants import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

AWKWARD = (
    "'", '"', "'''", '"""', "\\", "\\n", '\\"', "# %", "# % if", "# % endif", "#", ": ", "- ", "${x}", "$(x)",
    "%(x)s", "%s", "{{ 7*7 }}", "{% raw %}", "{% endraw %}", "{#", "#}", "{", "}", "<b>", "&amp;", "`", "|", "~",
    "👩‍👩‍👧", "é", "שלום", "مرحبا", "日本", "\u200f", "null", "@", "=", "\ufeff",
)  # fmt: skip
CHARACTERS = st.characters(categories=["L", "M", "N", "P", "S", "Zs", "Cf"])
TEXT = (
    st.lists(st.one_of(st.sampled_from(AWKWARD), st.text(CHARACTERS, max_size=8)), min_size=1)
    .map("".join)
    .map(lambda text: text[:200].strip())
    .filter(lambda text: not line_fault(text))
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def type_in(template: Path, folder: Path, answers: dict[str, str]) -> Path:
    """Answer the real prompts of cookiecutter in this process, which is faster than a new one."""
    typed = io.StringIO("".join(f"{answers.get(key, '')}\n" for key in PROMPTS))
    config = folder / "config.yml"
    config.write_text(f"replay_dir: {folder / 'replay'}\ncookiecutters_dir: {folder / 'templates'}\n", encoding="utf-8")
    with mock.patch("sys.stdin", typed), redirect_stdout(io.StringIO()):
        return Path(cookiecutter(str(template), output_dir=str(folder / "out"), config_file=str(config)))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=TEXT, description=TEXT, author=TEXT)
@example(name="x" * 200, description="\\" * 200, author='"' * 200)
@example(name="# % if cookiecutter", description="{{ 7*7 }} {% raw %}", author="'''\"\"\"\\")
@example(name="שלום ${x}", description="%(x)s %s {# 'é' #}", author="👩‍👩‍👧 مرحبا")
def test_typed_text_is_preserved(template: Path, folder: Path, name: str, description: str, author: str) -> None:
    answers = {"project_name": name, "project_slug": "typed", "description": description, "author_name": author}
    project = type_in(template, folder, answers)
    for path, text in texts_of(project):
        parse(path, text)
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    assert metadata["tool"]["project"]["title"] == name
    assert metadata["project"]["description"] == description
    assert metadata["project"]["authors"][0]["name"] == author
    assert f"Copyright (c) {author}\n" in (project / "LICENSE").read_text(encoding="utf-8")
    shutil.rmtree(project)
