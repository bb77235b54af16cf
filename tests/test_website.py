"""The documentation site, its generated pages, and the tables of README.md."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import compare
import pages
import pytest
import terminal
from baking import DEFINITION, FEATURES, PROMPTS, ROOT, export, run

TOOLS = Path(sys.executable).parent
ROW = re.compile(r"^\| (?:\[)?`(\w+)`[^|]*\|([^|]*)\|(.*)\|$", re.MULTILINE)


def section(page: str, title: str) -> str:
    """Return the text of a page between a title and the next one."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.split(r"^#+ ", text.partition(f"# {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows(page: str, title: str) -> dict[str, tuple[str, str]]:
    """Return the second and third cell of each row of a table, by the name in the first cell."""
    return {name: (second.strip(), third) for name, second, third in ROW.findall(section(page, title))}


@pytest.mark.parametrize("page", ["README.md", "docs/options.md"])
def test_option_table_lists_each_prompt(page: str) -> None:
    assert list(rows(page, "Options")) == PROMPTS


def test_readme_lists_each_value_of_an_option() -> None:
    for key, cells in rows("README.md", "Options").items():
        values = DEFINITION[key] if isinstance(DEFINITION[key], list) else []
        assert [value for value in values if not re.search(rf"(?<!\w){re.escape(value)}(?!\w)", cells[1])] == [], key


def test_readme_names_the_default_of_each_option() -> None:
    for key, (default, _) in rows("README.md", "Options").items():
        value = DEFINITION[key][0] if isinstance(DEFINITION[key], list) else str(DEFINITION[key])
        expected = "derived from the name" if "{%" in value else value.lower() if key.startswith("use_") else value
        assert default == expected, key


def test_readme_and_options_page_list_each_feature() -> None:
    assert list(rows("docs/options.md", "Features")) == FEATURES
    assert [name for name in FEATURES if f"`{name}`" not in rows("README.md", "Options")["features"][1]] == []


def test_navigation_lists_the_page_of_each_option_and_feature() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = [path.relative_to(pages.DOCS).as_posix() for path in pages.paths()]
    assert [path for path in listed if f": {path}\n" not in navigation] == []
    existing = {path for folder in ("options", "features") for path in (pages.DOCS / folder).iterdir()}
    assert existing == set(pages.paths())


def test_pages_and_pictures_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert pages.main(["--check"]) == 0, capsys.readouterr().out


def test_facts_name_what_an_answer_adds() -> None:
    celery = pages.items({"use_celery": True}) - pages.items({"use_celery": False})
    names = {item.name for item in celery}
    assert {"config/celery.py", "celery[redis]", "CELERY_BROKER_URL", "worker", "docs/celery.md"} <= names
    assert "CELERY_BROKER_URL" not in {item.name for item in pages.items({"use_celery": False})}


def test_site_builds_without_warnings_and_loads_nothing_from_other_hosts(tmp_path: Path) -> None:
    run(TOOLS / "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site", cwd=ROOT)
    built = {
        path.relative_to(tmp_path / "site").with_suffix("").as_posix() for path in (tmp_path / "site").rglob("*.html")
    }
    assert {"index", "options", "options/use_celery", "features/files", "updating", "comparison", "CHANGELOG"} <= built


def build_with(text: str, folder: Path) -> str:
    """Build the site with an additional text on its first page, which must fail, and return the messages."""
    page = export(folder) / "docs" / "index.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n{text}\n", encoding="utf-8")
    command = [str(TOOLS / "mkdocs"), "build", "--strict"]
    process = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert process.returncode == 1, process.stderr
    return process.stderr


def test_site_build_fails_for_broken_links(tmp_path: Path) -> None:
    messages = build_with("[a page](missing.md), [a title](updating.md#missing)", tmp_path)
    assert "missing.md" in messages
    assert "updating.md#missing" in messages


def test_site_build_fails_for_files_of_other_hosts(tmp_path: Path) -> None:
    messages = build_with("![](https://example.com/x.png)\n\n```mermaid\ngraph TD\n```", tmp_path)
    assert "https://example.com/x.png" in messages
    assert "Mermaid" in messages


def test_issue_forms_are_valid() -> None:
    forms = ROOT / ".github" / "ISSUE_TEMPLATE"
    settings = forms / "config.yml"
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-issue-config", settings, cwd=ROOT)
    others = sorted(set(forms.iterdir()) - {settings})
    run(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *others, cwd=ROOT)


def test_comparison_measures_a_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "ROUNDS", 1)
    folder = tmp_path / "template"
    shutil.copytree(ROOT / "tests" / "small_template", folder)
    tree = next(path for path in folder.iterdir() if "{{" in path.name)
    (tree / "settings.py").write_text(
        "{% if cookiecutter.project_slug %}\nDATABASE = 'sqlite'\n{% endif %}\nA = 1\n", encoding="utf-8"
    )
    found = compare.measure(folder, tmp_path / "out")
    assert found["services required to start"] == "none (SQLite)"
    assert int(found["files of the default project"]) == len(compare.files(tree))
    assert float(found["control lines"].rstrip("%")) > 0
    assert float(found["seconds"]) > 0


def test_terminal_picture_keeps_the_last_state_of_a_line_and_its_colors() -> None:
    lines = terminal.final_lines("downloading 1\rdownloading 2\r\n\x1b[1;32mready\x1b[0m <ok>\r\n")
    assert [terminal.plain(line) for line in lines] == ["downloading 2", "ready <ok>", ""]
    drawn = terminal.picture([*lines, "x" * 500])
    assert ">ready</tspan> &lt;ok&gt;" in drawn
    assert "x" * (terminal.COLUMNS - 1) + "…<" in drawn
    assert "downloading 1" not in drawn


def test_pictures_are_small() -> None:
    large = [path.name for path in (ROOT / "docs" / "images").iterdir() if path.stat().st_size > 150_000]
    assert large == []
