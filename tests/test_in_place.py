"""The template tree as a working project with all features, and limits of its control lines."""

from __future__ import annotations

import re
import shutil
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Any

import pytest
from baking import DEFINITION, FEATURES, OVERLAY, ROOT, TREE, options, run, tracked_files

CONTROL = re.compile(r"^\s*# % |\{%")
STATEMENT = re.compile(r"^\s*# % (\w+)")
SOURCES = {
    path.as_posix(): (ROOT / TREE / path).read_text(encoding="utf-8").splitlines()
    for path in tracked_files(ROOT / TREE)
    if path.suffix in {".py", ".toml", ".yml", ".yaml"}
}


@pytest.mark.parametrize(
    "command",
    ["ruff check --no-cache", "ruff format --check --no-cache", "mypy .", "lint-imports --no-cache", "pytest"],
)
def test_template_tree_passes_its_own_checks(
    with_overlay: Path, in_place_tools: Path, command: str, environment: dict[str, str]
) -> None:
    tool, *arguments = command.split()
    run(in_place_tools / tool, *arguments, cwd=with_overlay, env=environment)


def test_overlay_files_are_in_test_folders() -> None:
    paths = list(tracked_files(OVERLAY))
    assert paths
    assert [path for path in paths if "tests" not in path.parts] == []


def test_walk_through_of_the_blog_adds_a_field(
    in_place: Path, in_place_tools: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    project = shutil.copytree(in_place, tmp_path / "project")
    (diff,) = blocks(project / "docs/blog.md", "## Add a field", "diff")
    (test,) = blocks(project / "docs/blog.md", "## Add a field", "python")
    write(tmp_path / "field.diff", diff)
    run("git", "apply", "-C1", "../field.diff", cwd=project)
    added = write(project / "apps/blog/tests/api/test_subtitle.py", test)
    run(in_place_tools / "python", "manage.py", "makemigrations", "blog", cwd=project, env=environment)
    run(in_place_tools / "pytest", "-q", "-n0", added, cwd=project, env=environment)


def test_example_of_concurrent_calls_works(
    in_place: Path, in_place_tools: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    project = shutil.copytree(in_place, tmp_path / "project")
    page = project / "docs/http-client.md"
    example, _view, test = blocks(page, "## Call several services for one response", "python")
    files = [
        write(project / "apps/orders/services/overview.py", example),
        write(project / "apps/orders/tests/test_overview.py", test),
        *(write(project / f"apps/orders/{name}__init__.py", "") for name in ("", "services/", "tests/")),
    ]
    run(in_place_tools / "ruff", "check", "--no-cache", *files, cwd=project)
    run(in_place_tools / "pytest", "-q", "-n0", files[1], cwd=project, env=environment)


def blocks(page: Path, section: str, language: str) -> list[str]:
    """Return the code blocks of a section of a page, up to the next section."""
    text = page.read_text(encoding="utf-8").partition(f"{section}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.skipif(not shutil.which("xgettext"), reason="needs GNU gettext")
def test_catalogs_are_complete_and_makemessages_reproduces_them(
    in_place: Path, in_place_tools: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    project = shutil.copytree(in_place, tmp_path / "project")
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"manage\.py ((?:make|compile)messages .*)", makefile):
        run(in_place_tools / "python", "manage.py", *command.split(), cwd=project, env=environment)
    catalogs = sorted(in_place.rglob("locale/*/LC_MESSAGES/django.*"))
    assert catalogs
    for catalog in catalogs:
        assert (project / catalog.relative_to(in_place)).read_bytes() == catalog.read_bytes(), catalog
    for catalog in (path for path in catalogs if path.suffix == ".po"):
        assert run("msgattrib", "--untranslated", "--no-obsolete", catalog, cwd=project) == "", catalog


def test_request_lifecycle_diagram_matches_middleware_order() -> None:
    settings = "\n".join(SOURCES["config/settings/base.py"])
    page = (ROOT / TREE / "docs/architecture.md").read_text(encoding="utf-8")
    diagram = page.partition("flowchart TD")[2].partition("```")[0]
    lines = [line for line in diagram.splitlines() if not STATEMENT.match(line)]
    listed = settings.partition("MIDDLEWARE = [")[2].partition("]")[0]
    used = [line for line in listed.splitlines() if not STATEMENT.match(line)]
    assert re.findall(r"\w+Middleware", "\n".join(lines)) == re.findall(r"\.(\w+Middleware)\"", "\n".join(used))


def test_control_lines_are_at_most_one_in_a_hundred() -> None:
    lines = [line for text in SOURCES.values() for line in text]
    control = [line for line in lines if CONTROL.search(line)]
    assert len(control) <= 0.01 * len(lines), f"{len(control)} of {len(lines)}"


def test_control_lines_do_not_nest() -> None:
    for name, lines in SOURCES.items():
        depth = 0
        for statement in (match[1] for line in lines if (match := STATEMENT.match(line))):
            assert statement != "elif", name
            depth += {"if": 1, "for": 1, "filter": 1, "endif": -1, "endfor": -1, "endfilter": -1}.get(statement, 0)
            assert depth in {0, 1}, name
        assert depth == 0, name


def test_control_lines_consume_no_separating_blank_line() -> None:
    """Control lines consume the blank lines after them: separating blank lines belong inside the block."""
    lost = re.compile(r"^.*\S.*\n[ \t]*# % end\w+\n\n", re.MULTILINE)
    paths = [path for path in tracked_files(ROOT / TREE) if path.suffix in {"", ".md", ".py", ".toml", ".yaml", ".yml"}]
    texts = {path.as_posix(): (ROOT / TREE / path).read_text(encoding="utf-8") for path in paths}
    assert [f"{name}: {found}" for name, text in texts.items() for found in lost.findall(text)] == []


def test_control_lines_do_not_occur_in_apps() -> None:
    assert [
        name for name, lines in SOURCES.items() if name.startswith("apps/") and any(map(CONTROL.search, lines))
    ] == []


def test_control_lines_have_the_formatted_prefix() -> None:
    assert [name for name, lines in SOURCES.items() if any(line.lstrip().startswith("#%") for line in lines)] == []


def test_keep_table_paths_exist() -> None:
    assert [path for path in DEFINITION["_keep"] if not (ROOT / TREE / path).exists()] == []


def test_keep_conditions_name_values_of_options() -> None:
    known: dict[str, list[Any]] = {**options(), "features": FEATURES}
    wrong = [
        (path, key, value)
        for path, condition in DEFINITION["_keep"].items()
        for key, values in condition.items()
        for value in (values if isinstance(values, list) else [values])
        if value not in known[key]
    ]
    assert wrong == []


def test_private_keys_are_ten_at_most() -> None:
    of_cookiecutter = {"__prompts__", "_copy_without_render", "_jinja2_env_vars", "_new_lines"}
    assert len({key for key in DEFINITION if key.startswith("_")} - of_cookiecutter) <= 10


def test_copy_without_render_patterns_match_files_only() -> None:
    """A matching folder would be replaced on regeneration, including files that the user added."""
    folders = {parent for path in tracked_files(ROOT / TREE) for parent in path.parents} - {PurePath()}
    patterns = DEFINITION["_copy_without_render"]
    assert [folder for folder in map(str, folders) if any(fnmatch(folder, pattern) for pattern in patterns)] == []


def test_copied_files_have_no_control_lines() -> None:
    patterns = DEFINITION["_copy_without_render"]
    copied = {name: lines for name, lines in SOURCES.items() if any(fnmatch(name, pattern) for pattern in patterns)}
    statements = re.compile(r"^\s*# % (if|endif|filter|endfilter)\b|cookiecutter\.")
    found = {name for name, lines in copied.items() if any(map(statements.search, lines))}
    assert found <= {"tools/update.py"}
