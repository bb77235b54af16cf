"""Updates of generated projects by `tools/update.py`, most of them with a small template."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from baking import DEFINITION, ROOT, TREE, Answer, Bakery, answers_of, bare_environment, factors, files_of, run

SCRIPT = ROOT / TREE / "tools" / "update.py"
COOKIECUTTER = Path(sys.executable).with_name("cookiecutter")
ENVIRONMENT = bare_environment(GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)


def git(folder: Path, *arguments: str) -> str:
    return run("git", *arguments, cwd=folder, env=ENVIRONMENT)


def name(repository: Path) -> None:
    """Configure the author of commits."""
    git(repository, "config", "user.name", "Ann")
    git(repository, "config", "user.email", "ann@example.com")


def commit(folder: Path, message: str = "Work", tag: str = "") -> None:
    """Commit all files, in a new repository if there is none."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
        name(folder)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    if tag:
        git(folder, "tag", tag)


def generate(template: Path | str, folder: Path, *answers: str) -> Path:
    """Generate a project in `folder` and commit it."""
    folder.mkdir(exist_ok=True)
    run(COOKIECUTTER, str(template), "--no-input", "--default-config", *answers, cwd=folder, env=ENVIRONMENT)
    (place,) = folder.iterdir()
    commit(place, "Start")
    return place


def update(project: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        cwd=project,
        env=ENVIRONMENT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def updated(project: Path, *arguments: str | Path) -> str:
    """Update without conflicts and commit; return the output."""
    process = update(project, *arguments)
    assert process.returncode == 0, process.stdout + process.stderr
    git(project, "commit", "--quiet", "--no-edit")
    return process.stdout


def refusal(project: Path, *arguments: str | Path) -> str:
    """Return the message of an update that must not change anything."""
    before = dict(files_of(project))
    process = update(project, *arguments)
    assert (process.returncode, dict(files_of(project))) == (1, before)
    return process.stderr


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def release(repository: Path, tag: str = "v1.1.0") -> None:
    """Change a file of the small template, add another one, and tag it."""
    tree = repository / TREE
    replace(tree / "README.md", "Paragraph 20 of the page.", f"Paragraph 20 of {tag}.")
    (tree / "app" / f"new_{tag}.py").write_text("NEW = True\n", encoding="utf-8")
    commit(repository, "Release", tag)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a git repository with the first release of the small template."""
    place = shutil.copytree(ROOT / "tests" / "small_template", tmp_path / "template")
    (place / "hooks").mkdir()
    shutil.copy(ROOT / "hooks" / "post_gen_project.py", place / "hooks")
    commit(place, "Release", "v1.0.0")
    return place


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    return generate(repository, tmp_path / "work")


def test_update_keeps_edits_and_adds_what_is_new(project: Path, repository: Path) -> None:
    replace(project / "README.md", "Paragraph 1 of the page.", "My own first paragraph.")
    commit(project)
    secret = (project / ".env").read_bytes()
    release(repository)
    process = update(project)
    assert process.returncode == 0, process.stderr
    text = (project / "README.md").read_text(encoding="utf-8")
    assert "My own first paragraph." in text
    assert "Paragraph 20 of v1.1.0." in text
    assert (project / "app" / "new_v1.1.0.py").exists()
    assert (project / ".env").read_bytes() == secret
    assert git(project, "log", "--format=%s").split() == ["Work", "Start"]
    git(project, "commit", "--quiet", "--no-edit")
    assert git(project, "log", "-1", "--format=%s %an") == "Update from template v1.1.0 Ann\n"
    assert update(project).stdout.endswith("The project is up to date.\n")
    assert git(project, "status", "--porcelain") == ""


def test_update_can_be_undone(project: Path, repository: Path) -> None:
    before = dict(files_of(project / "app"))
    release(repository)
    assert update(project).returncode == 0
    git(project, "cherry-pick", "--abort")
    assert dict(files_of(project / "app")) == before
    assert git(project, "status", "--porcelain") == ""


def test_dry_run_lists_changes_and_conflicts_only(project: Path, repository: Path) -> None:
    replace(project / "README.md", "Paragraph 20 of the page.", "My own last paragraph.")
    commit(project)
    release(repository)
    before = dict(files_of(project))
    process = update(project, "--dry-run")
    assert (process.returncode, process.stderr) == (0, "")
    assert "with conflicts: 1\n  README.md" in process.stdout
    assert "added: 1\n  app/new_v1.1.0.py" in process.stdout
    assert dict(files_of(project)) == before


def test_conflict_has_exactly_the_lines_that_both_changed(project: Path, repository: Path) -> None:
    replace(project / "README.md", "Paragraph 20 of the page.", "My own last paragraph.")
    commit(project)
    release(repository)
    process = update(project)
    assert process.returncode == 1
    assert "with conflicts: 1\n  README.md" in process.stdout
    text = (project / "README.md").read_text(encoding="utf-8")
    before, ours, theirs, after = re.split(r"^(?:<<<<<<<|=======|>>>>>>>).*\n", text, flags=re.MULTILINE)
    assert ours == "My own last paragraph.\n"
    assert theirs == "Paragraph 20 of v1.1.0.\n"
    assert before.endswith("Paragraph 19 of the page.\n\n")
    assert after == "\nIt is plain.\n"
    git(project, "cherry-pick", "--abort")
    assert git(project, "status", "--porcelain") == ""


@pytest.fixture
def listed(project: Path, repository: Path) -> Path:
    """Return a project whose template has a list to which both add entries."""
    urls = repository / TREE / "config" / "urls.py"
    urls.parent.mkdir()
    urls.write_text("urls = [\n    'first',\n    'last',\n]\n", encoding="utf-8")
    commit(repository, "Release", "v1.1.0")
    updated(project)
    return project


def test_entries_that_both_add_to_a_list_are_kept(listed: Path, repository: Path) -> None:
    for tree, entry in ((listed, "mine"), (repository / TREE, "theirs")):
        replace(tree / "config" / "urls.py", "    'first',\n", f"    'first',\n    '{entry}',\n")
    commit(listed)
    commit(repository, "Release", "v1.2.0")
    assert "with conflicts" not in updated(listed)
    text = (listed / "config" / "urls.py").read_text(encoding="utf-8")
    assert text == "urls = [\n    'first',\n    'mine',\n    'theirs',\n    'last',\n]\n"


def test_entry_that_both_change_is_a_conflict(listed: Path, repository: Path) -> None:
    for tree, entry in ((listed, "mine"), (repository / TREE, "theirs")):
        replace(tree / "config" / "urls.py", "'first'", f"'{entry}'")
    commit(listed)
    commit(repository, "Release", "v1.2.0")
    process = update(listed)
    assert process.returncode == 1
    assert "with conflicts: 1\n  config/urls.py\n" in process.stdout
    text = (listed / "config" / "urls.py").read_text(encoding="utf-8")
    marked = "<<<<<<< ours\n    'mine',\n=======\n    'theirs',\n>>>>>>> theirs\n"
    assert text == f"urls = [\n{marked}    'last',\n]\n"


def test_deleted_list_with_a_change_of_the_template_is_a_conflict(listed: Path, repository: Path) -> None:
    (listed / "config" / "urls.py").unlink()
    commit(listed)
    replace(repository / TREE / "config" / "urls.py", "'first'", "'theirs'")
    commit(repository, "Release", "v1.2.0")
    process = update(listed)
    assert process.returncode == 1
    assert "with conflicts: 1\n  config/urls.py\n" in process.stdout


def test_changes_follow_moved_files_and_folders(project: Path, repository: Path) -> None:
    git(project, "mv", "README.md", "READ-ME.md")
    git(project, "mv", "app", "code")
    commit(project)
    release(repository)
    replace(repository / TREE / "app" / "values.py", "VALUE_3 = 3", "VALUE_3 = 33")
    commit(repository, "Release", "v1.2.0")
    updated(project)
    assert "Paragraph 20 of v1.1.0." in (project / "READ-ME.md").read_text(encoding="utf-8")
    assert "VALUE_3 = 33" in (project / "code" / "values.py").read_text(encoding="utf-8")
    assert (project / "code" / "new_v1.1.0.py").exists()
    assert not (project / "app").exists()


def test_deleted_file_with_a_change_of_the_template_is_a_conflict(project: Path, repository: Path) -> None:
    git(project, "rm", "--quiet", "README.md")
    commit(project)
    release(repository)
    process = update(project)
    assert process.returncode == 1
    assert "README.md" in process.stdout.partition("with conflicts")[2]


def test_edited_file_that_the_template_deleted_is_a_conflict(project: Path, repository: Path) -> None:
    replace(project / "app" / "values.py", "VALUE_3 = 3", "VALUE_3 = 33")
    commit(project)
    (repository / TREE / "app" / "values.py").unlink()
    commit(repository, "Release", "v1.1.0")
    process = update(project)
    assert process.returncode == 1
    assert "app/values.py" in process.stdout.partition("with conflicts")[2]
    assert "VALUE_3 = 33" in (project / "app" / "values.py").read_text(encoding="utf-8")


def test_compiled_catalog_never_conflicts(project: Path, repository: Path) -> None:
    catalog = "app/locale/django.mo"
    (project / catalog).write_bytes(b"\x95\x04\x12\xde mine")
    commit(project)
    (repository / TREE / catalog).write_bytes(b"\x95\x04\x12\xde theirs")
    release(repository)
    updated(project)
    assert (project / catalog).read_bytes() == b"\x95\x04\x12\xde mine"


def test_fresh_clone_is_updated_twice_in_a_row(project: Path, repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", project.as_uri(), str(clone))
    name(clone)
    release(repository)
    updated(clone)
    replace(clone / "README.md", "Paragraph 20 of v1.1.0.", "My paragraph 20.")
    commit(clone)
    tree = repository / TREE
    replace(tree / "README.md", "Paragraph 1 of the page.", "Paragraph 1 of v1.2.0.")
    commit(repository, "Release", "v1.2.0")
    updated(clone)
    text = (clone / "README.md").read_text(encoding="utf-8")
    assert "My paragraph 20." in text
    assert "Paragraph 1 of v1.2.0." in text


def test_project_in_a_folder_of_its_repository_is_updated(project: Path, repository: Path) -> None:
    top = project.parent
    shutil.rmtree(project / ".git")
    (top / "README.md").write_text("The repository.\n", encoding="utf-8")
    commit(top)
    release(repository)
    assert update(project).returncode == 0
    assert "Paragraph 20 of v1.1.0." in (project / "README.md").read_text(encoding="utf-8")
    assert (top / "README.md").read_text(encoding="utf-8") == "The repository.\n"


def test_release_is_chosen_by_tag_and_template_by_path_or_url(project: Path, repository: Path, tmp_path: Path) -> None:
    for tag in ("v1.1.0", "v1.2.0", "v1.10.0"):
        replace(repository / TREE / "README.md", "It is", f"{tag} is")
        commit(repository, "Release", tag)
        replace(repository / TREE / "README.md", f"{tag} is", "It is")
    moved = repository.rename(tmp_path / "moved")
    message = refusal(project)
    assert "git clone" in message
    updated(project, "--template", moved, "--to", "v1.1.0")
    assert "v1.1.0 is plain" in (project / "README.md").read_text(encoding="utf-8")
    updated(project, "--template", moved.as_uri())
    assert "v1.10.0 is plain" in (project / "README.md").read_text(encoding="utf-8")
    record = json.loads((project / ".cornerstone.json").read_text(encoding="utf-8"))
    assert record["template"] == moved.as_uri()
    assert record["commit"] == git(moved, "rev-parse", "v1.10.0").strip()


def test_project_newer_than_the_newest_release_is_not_downgraded(repository: Path, tmp_path: Path) -> None:
    replace(repository / TREE / "README.md", "It is", "Unreleased, it is")
    commit(repository)
    project = generate(repository, tmp_path / "work")
    assert update(project).stdout.endswith("The project is up to date.\n")
    updated(project, "flavor=sweet")
    assert "Unreleased, it is sweet" in (project / "README.md").read_text(encoding="utf-8")


def test_answers_of_people_are_not_rendered(repository: Path, tmp_path: Path) -> None:
    title = "100 % {{ cookiecutter.flavor }} # % if"
    project = generate(repository, tmp_path / "work", "project_name={% raw %}" + title + "{% endraw %}")
    release(repository)
    updated(project)
    assert (project / "README.md").read_text(encoding="utf-8").startswith(f"# {title}\n")


def test_project_of_cruft_is_taken_over(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    cruft = Path(sys.executable).with_name("cruft")
    run(cruft, "create", str(repository), "--no-input", "--default-config", cwd=folder, env=ENVIRONMENT)
    project = folder / "small"
    commit(project)
    release(repository)
    updated(project, "use_extra=true")
    assert "Paragraph 20 of v1.1.0." in (project / "README.md").read_text(encoding="utf-8")
    assert (project / "extra" / "notes.txt").exists()
    assert not (project / ".cruft.json").exists()
    assert update(project).stdout.endswith("The project is up to date.\n")


def test_record_without_commit_needs_the_commit(repository: Path, tmp_path: Path) -> None:
    (repository / "draft.txt").touch()
    git(repository, "add", "--all")
    project = generate(repository, tmp_path / "work")
    commit(repository)
    release(repository)
    assert "FROM=" in refusal(project)
    assert "no commit v9.9.9" in refusal(project, "--from", "v9.9.9")
    updated(project, "--from", "v1.0.0")
    assert "Paragraph 20 of v1.1.0." in (project / "README.md").read_text(encoding="utf-8")


def test_invalid_requests_are_refused(project: Path, repository: Path) -> None:
    release(repository)
    assert "did you mean flavor?" in refusal(project, "flavour=sweet")
    assert "plain, sweet" in refusal(project, "flavor=salty")
    assert "no commit v3.0.0" in refusal(project, "--to", "v3.0.0")
    (project / "private.txt").write_text("ignored by git", encoding="utf-8")
    (repository / TREE / "private.txt").write_text("of the template", encoding="utf-8")
    git(repository, "add", "--force", "--all", ".")
    commit(repository, "Release", "v1.2.0")
    (project / "README.md").write_text("Not committed.\n", encoding="utf-8")
    assert "README.md" in refusal(project)


def test_folder_without_commit_is_refused(project: Path) -> None:
    shutil.rmtree(project / ".git")
    assert "git init" in refusal(project)
    (project / ".cornerstone.json").unlink()
    commit(project)
    assert ".cornerstone.json is missing" in refusal(project)


def test_interrupted_update_leaves_the_project_unchanged(project: Path, repository: Path) -> None:
    release(repository)
    before = dict(files_of(project))
    process = subprocess.Popen(
        [sys.executable, SCRIPT], cwd=project, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert "Fetching" in process.stdout.readline()
    assert "Rendering" in process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert dict(files_of(project)) == before
    updated(project)


def test_report_names_migrations_variables_and_commands(project: Path, repository: Path) -> None:
    tree = repository / TREE
    for app in ("app", "extra"):
        (tree / app / "migrations").mkdir()
        (tree / app / "migrations" / "0001_initial.py").touch()
    (tree / ".env.example").write_text("SECRET_KEY=\n# NEW_LIMIT=5\n", encoding="utf-8")
    commit(repository, "Release", "v1.1.0")
    report = updated(project, "use_extra=true")
    assert "Set what you need in .env: NEW_LIMIT\n" in report
    assert "extra/migrations/0001_initial.py" in report
    assert "make check test" in report
    assert "manage.py migrate extra zero" in updated(project, "use_extra=false")


def test_report_has_the_manual_steps_of_the_releases_between(project: Path, repository: Path) -> None:
    section = "## {0}\n\n### By hand\n\n- Step of {0}.\n\n### Added\n\n- Feature of {0}.\n\n"
    changelog = repository / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n" + section.format("1.1.0"), encoding="utf-8")
    release(repository, "v1.1.0")
    assert "By hand:\n- Step of 1.1.0.\n" in updated(project)
    replace(changelog, "# Changelog\n\n", "# Changelog\n\n" + section.format("1.3.0") + section.format("1.2.0"))
    replace(repository / TREE / "README.md", "Paragraph 1 of", "Paragraph 1.3 of")
    commit(repository, "Release", "v1.3.0")
    for report in (update(project, "--dry-run").stdout, updated(project)):
        assert "By hand:\n- Step of 1.3.0.\n\nBy hand:\n- Step of 1.2.0.\n" in report
        assert "Step of 1.1.0" not in report
        assert "Feature of" not in report


def test_new_prompt_gets_its_default(project: Path, repository: Path) -> None:
    definition = json.loads((repository / "cookiecutter.json").read_text(encoding="utf-8"))
    definition |= {"flavor": ["sweet", "sour"], "size": ["small", "large"]}
    (repository / "cookiecutter.json").write_text(json.dumps(definition), encoding="utf-8")
    release(repository)
    assert "make update flavor=sweet" in refusal(project)
    assert "New prompt: size=small" in updated(project, "flavor=sour")


def test_make_update_passes_answers_with_spaces(
    bake: Bakery, template: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    repository = shutil.copytree(template, tmp_path / "template")
    commit(repository, "Release", "v1.0.0")
    project = generate(repository, tmp_path / "work")
    env = environment | {"GIT_CONFIG_GLOBAL": os.devnull}
    changed = {"features": "files notifications", "description": 'It\'s "all" in & more.'}
    run("make", "update", "TO=v1.0.0", *(f"{key}={value}" for key, value in changed.items()), cwd=project, env=env)
    commit(project)
    fresh = bake(**changed)
    assert differences(project, fresh) == []


def differences(project: Path, other: Path) -> list[str]:
    """Return the names of files that differ, except for git's own and the record of the template."""
    one, two = (
        {name: content for name, content in files_of(place) if not name.startswith((".git/", ".cornerstone.json"))}
        for place in (project, other)
    )
    return sorted(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


SWITCHED = [(key, (value, values[0])) for key, values in factors().items() for value in values[1:]]


@pytest.mark.variants
@pytest.mark.parametrize(("key", "chosen"), SWITCHED)
def test_option_is_switched_on_and_off(
    bake: Bakery, template: Path, tmp_path: Path, key: str, chosen: tuple[Answer, Answer]
) -> None:
    repository = shutil.copytree(template, tmp_path / "template")
    commit(repository, "Release", "v1.0.0")
    project = generate(repository, tmp_path / "work")
    (project / "NOTES.md").write_text("Notes of the owner.\n", encoding="utf-8")
    replace(project / "README.md", "\n", "\n\nText of the owner.\n")
    commit(project)
    for value in chosen:
        given = answers_of({key: value})
        if needed := DEFINITION["_features"].get(key):
            given[needed] = value or DEFINITION[needed]
        # Yes/no options as people write them.
        written = {name: str(answer).lower() if isinstance(answer, bool) else answer for name, answer in given.items()}
        updated(project, *(f"{name}={answer}" for name, answer in written.items()))
        fresh = shutil.copytree(bake(**given), tmp_path / str(value))
        (fresh / "NOTES.md").write_text("Notes of the owner.\n", encoding="utf-8")
        replace(fresh / "README.md", "\n", "\n\nText of the owner.\n")
        assert differences(project, fresh) == []
