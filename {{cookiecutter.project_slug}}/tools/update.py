# /// script
# requires-python = ">=3.11"
# dependencies = ["cookiecutter~=2.7.1"]
# ///
"""Merge a newer release of the template, or changed answers, into this project. Run it with `make update`.

The template is rendered twice: with the recorded commit and answers, and with the new ones. Both results are
committed in a temporary repository, and `git cherry-pick` merges their difference. Edited, moved and deleted
files of the project are respected; lines that both sides changed get conflict markers.
"""

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from cookiecutter.config import BUILTIN_ABBREVIATIONS  # type: ignore[import-not-found] # installed by `make update`
from cookiecutter.repository import expand_abbreviations  # type: ignore[import-not-found]

RECORD, CRUFT = ".cornerstone.json", ".cruft.json"
RELEASE = re.compile(r"v\d+\.\d+\.\d+")
# Compiled or resolved from other files: in a conflict, the version of the project is kept.
GENERATED = (".mo", "uv.lock")
# Files with lists to which both an app and the template add entries, often at the same place.
LISTS = ("config/settings/base.py", "config/urls.py", "pyproject.toml")
# A conflict in the style diff3 in which the common base is empty.
INSERTIONS = re.compile(r"^<{7} .*\n((?:.*\n)*?)\|{7}.*\n={7}\n((?:.*\n)*?)>{7} .*\n", re.MULTILINE)
# The kinds of change in git's status.
LABELS = {"A": "added", "D": "removed", "R": "moved", "M": "changed", "U": "with conflicts"}
# Number of paths that the report lists for each kind of change, except conflicts.
LISTED = 20
# Variables that select a repository: they are set inside hooks of git.
REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in REPOSITORY}


class UpdateError(Exception):
    """The update is not possible; the message tells the user what to do. The project is unchanged."""


class State(NamedTuple):
    """A commit of the template and the answers that it is rendered with."""

    url: str
    commit: str
    answers: dict[str, Any]


def main() -> int:
    """Update the project in the current folder; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("answers", nargs="*", metavar="key=value", help="changed answers of the prompts")
    parser.add_argument("--to", metavar="REF", help="tag, branch or commit (default: newest release)")
    parser.add_argument(
        "--from", metavar="REF", dest="base", help="what generated the project, if not recorded"
    )
    parser.add_argument("--template", metavar="URL", help="path or URL of the template, if it has moved")
    parser.add_argument("--dry-run", action="store_true", help="only list the changes and expected conflicts")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="update-", ignore_cleanup_errors=True) as scratch:
            return update(Path.cwd(), Path(scratch), options)
    except UpdateError as error:
        print(error, file=sys.stderr)
        return 1


def update(project: Path, scratch: Path, options: argparse.Namespace) -> int:
    """Merge the difference between two states of the template; return the exit status."""
    top, prefix = repository_of(project)
    old = recorded_state(project, options)
    clone, merged = scratch / "template", scratch / "merged"
    print(f"Fetching {old.url}", flush=True)
    url = expand_abbreviations(old.url, BUILTIN_ABBREVIATIONS)
    git(scratch, "clone", "--quiet", "-c", "core.autocrlf=false", url, str(clone))
    old = old._replace(commit=commit_of(clone, old.commit))
    new = new_state(clone, old, options)
    create_repository(merged, top)
    message = f"Update from template {name_of(clone, new.commit)}"
    for state, record in ((old, None), (new, new)):
        print(f"Rendering {name_of(clone, state.commit)}", flush=True)
        for path in merged.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        render(clone, state, merged / prefix)
        write_record(project, merged / prefix, record)
        git(merged, "add", "--all")
        git(merged, "commit", "--quiet", "--allow-empty", "--message", message)
    tip = git(merged, "rev-parse", "HEAD")
    if not git(merged, "diff", "--name-only", "HEAD~", tip):
        print("The project is up to date.")
        return 0
    if options.dry_run:
        # The same merge, in the temporary repository.
        git(merged, "fetch", "--quiet", "--depth=1", top.as_uri(), "HEAD")
        git(merged, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        merge(merged, tip)
        report(merged, is_dry=True)
        print(*manual_steps(clone, old, new), sep="\n")
        return 0
    require_free_paths(top, merged)
    git(top, "fetch", "--quiet", "--no-tags", str(merged), tip)
    merge(top, tip)
    status = report(top, is_dry=False)
    print(*manual_steps(clone, old, new), sep="\n")
    return status


def repository_of(project: Path) -> tuple[Path, str]:
    """Return the top folder of the repository and the path of the project in it.

    Raises:
        UpdateError: there is no commit, or there are uncommitted changes.
    """
    try:
        git(project, "rev-parse", "--verify", "HEAD")
    except UpdateError as error:
        raise UpdateError("Commit the project first: git init && git add . && git commit") from error
    if status := git(project, "status", "--porcelain"):
        raise UpdateError(f"Commit or stash these changes first:\n{status}")
    return Path(git(project, "rev-parse", "--show-toplevel")), git(project, "rev-parse", "--show-prefix")


def recorded_state(project: Path, options: argparse.Namespace) -> State:
    """Return the state that the project was generated with. A record of cruft takes precedence.

    Raises:
        UpdateError: there is no record, or it has no commit.
    """
    if (project / CRUFT).exists():
        record = json.loads((project / CRUFT).read_text(encoding="utf-8"))
        context = record["context"]["cookiecutter"]
        record["answers"] = {key: context[key] for key in context if not key.startswith("_")}
    elif (project / RECORD).exists():
        record = json.loads((project / RECORD).read_text(encoding="utf-8"))
    else:
        raise UpdateError(f"{RECORD} is missing: this is not the folder of a generated project.")
    if not (commit := options.base or record["commit"]):
        raise UpdateError(f"{RECORD} has no commit. Name what generated the project: FROM=v1.0.0")
    url = options.template or record["template"]
    return State(str(Path(url).resolve()) if Path(url).is_dir() else url, commit, record["answers"])


def new_state(clone: Path, old: State, options: argparse.Namespace) -> State:
    """Return the state to update to.

    Raises:
        UpdateError: the template has no such commit, prompt or choice.
    """
    if options.to:
        commit = commit_of(clone, options.to)
    else:
        tags = [tag for tag in git(clone, "tag", "--sort=-v:refname").split() if RELEASE.fullmatch(tag)]
        commit = commit_of(clone, tags[0] if tags else "HEAD")
        # The project may have been generated from a commit after the newest release.
        if git(clone, "merge-base", old.commit, commit, check=False) == commit:
            commit = old.commit
    prompts = json.loads(git(clone, "show", f"{commit}:cookiecutter.json"))
    prompts = {key: default for key, default in prompts.items() if not key.startswith("_")}
    changed = {key: value for key, _, value in (answer.partition("=") for answer in options.answers)}
    for key in changed.keys() - prompts.keys():
        nearest = difflib.get_close_matches(key, prompts, n=1) or prompts
        raise UpdateError(f"{key} is not a prompt of the template; did you mean {' or '.join(nearest)}?")
    answers = {key: answer for key, answer in old.answers.items() if key in prompts} | changed
    for key, answer in answers.items():
        if isinstance(prompts[key], list) and answer not in prompts[key]:
            hint = f"choose one of {', '.join(prompts[key])}: make update {key}={prompts[key][0]}"
            raise UpdateError(f"{key} cannot be {answer!r}; {hint}")
    for key in [key for key in prompts if key not in answers and "{" not in str(prompts[key])]:
        default = prompts[key][0] if isinstance(prompts[key], list) else prompts[key]
        print(f"New prompt: {key}={str(default).lower() if isinstance(default, bool) else default}")
    return State(old.url, commit, answers)


def render(clone: Path, state: State, target: Path) -> None:
    """Render a state of the template to the folder `target`.

    Raises:
        UpdateError: the template rejects the answers.
    """
    git(clone, "checkout", "--quiet", "--detach", state.commit)
    pairs = [f"{key}={unrendered(answer)}" for key, answer in state.answers.items()]
    with tempfile.TemporaryDirectory(dir=clone.parent) as out:
        cookiecutter = (sys.executable, "-m", "cookiecutter", "--no-input", "--default-config")
        run = run_command(*cookiecutter, "-o", out, str(clone), *pairs)
        if run.returncode:
            # The rest is a command line of cookiecutter.
            raise UpdateError((run.stderr or run.stdout).partition("\nTo try again")[0].strip())
        shutil.copytree(next(Path(out).iterdir()), target, dirs_exist_ok=True)


def unrendered(answer: object) -> str:
    """Return an answer so that cookiecutter does not render it as Jinja."""
    text = str(answer).lower() if isinstance(answer, bool) else str(answer)
    is_jinja = any(mark in text for mark in ("{{", "{%", "{#", "# %"))
    return f"{{% raw %}}{text}{{% endraw %}}" if is_jinja else text


def write_record(project: Path, rendered: Path, new: State | None) -> None:
    """Replace the rendered record: by that of the new state, or by those of the project."""
    if new:
        record = json.loads((rendered / RECORD).read_text(encoding="utf-8"))
        text = json.dumps(record | {"template": new.url, "commit": new.commit}, ensure_ascii=False, indent=2)
        (rendered / RECORD).write_text(f"{text}\n", encoding="utf-8", newline="\n")
        return
    (rendered / RECORD).unlink(missing_ok=True)
    for path in (project / RECORD, project / CRUFT):
        if path.exists():
            shutil.copyfile(path, rendered / path.name)


def require_free_paths(top: Path, merged: Path) -> None:
    """Refuse to overwrite files that git ignores.

    Raises:
        UpdateError: the update adds a file that exists.
    """
    tracked = set(git(top, "ls-files", "-z").split("\0"))
    added = git(merged, "diff", "-z", "--name-only", "--no-renames", "--diff-filter=A", "HEAD~").split("\0")
    if taken := [name for name in added if name and name not in tracked and (top / name).exists()]:
        raise UpdateError(f"The update adds {', '.join(taken)}, which git ignores here. Move it first.")


def merge(top: Path, tip: str) -> None:
    """Apply a commit without committing. Afterwards, `git commit` and `git cherry-pick --abort` work."""
    # New files go into moved folders.
    command = ("git", "-C", str(top), "-c", "merge.directoryRenames=true", "cherry-pick", "--no-commit", tip)
    picked = run_command(*command)
    if not git(top, "diff", "--cached", "--name-only", "HEAD"):
        raise UpdateError(picked.stderr)
    git(top, "update-ref", "CHERRY_PICK_HEAD", tip)
    message = Path(top, git(top, "rev-parse", "--git-path", "MERGE_MSG"))
    message.write_text(git(top, "log", "--format=%B", "-1", tip) + "\n", encoding="utf-8")
    for name in git(top, "diff", "-z", "--name-only", "--diff-filter=U").split("\0"):
        if name.endswith(GENERATED):
            git(top, "checkout", "--quiet", "--ours", "--", name, check=False)
            git(top, "add", "--", name)
        elif name.endswith(LISTS) and is_edited_by_both(top, name):
            keep_insertions(top, name)


def is_edited_by_both(top: Path, name: str) -> bool:
    """Return whether a file with a conflict exists in the base and on both sides."""
    sides = git(top, "ls-files", "--unmerged", "--", name).splitlines()
    return [side.split()[2] for side in sides] == ["1", "2", "3"]


def keep_insertions(top: Path, name: str) -> None:
    """Resolve conflicts of lines that both sides only added: keep both. Leave a file with other conflicts."""
    git(top, "checkout", "--quiet", "--conflict=diff3", "--", name)
    path = top / name
    text = INSERTIONS.sub(r"\1\2", path.read_text(encoding="utf-8"))
    if re.search("^<{7} ", text, re.MULTILINE):
        git(top, "checkout", "--quiet", "--conflict=merge", "--", name)
        return
    path.write_text(text, encoding="utf-8", newline="\n")
    git(top, "add", "--", name)


def report(top: Path, *, is_dry: bool) -> int:
    """Print what the merge changes and what to do next; return 1 if there are conflicts."""
    lines = git(top, "diff", "--cached", "--name-status", "HEAD").splitlines()
    changes = {words[-1]: words[0][0] for words in (line.split("\t") for line in lines)}
    for kind, label in LABELS.items():
        if names := sorted(name for name in changes if changes[name] == kind):
            shown = names if kind == "U" else names[:LISTED]
            more = [f"… and {len(names) - LISTED} more"] if len(names) > len(shown) else []
            print(f"\nFiles {label}: {len(names)}", *shown, *more, sep="\n  ")
    if not is_dry:
        added = git(top, "diff", "--cached", "HEAD", "--", "*.env.example")
        variables = dict.fromkeys(re.findall(r"^\+#? ?([A-Z_0-9]+)=", added, re.MULTILINE))
        print("\nNext:", *next_steps(changes, list(variables)), sep="\n  ")
    return int("U" in changes.values() and not is_dry)


def manual_steps(clone: Path, old: State, new: State) -> list[str]:
    """Return the sections "By hand" that the changelog of the template has gained between two states."""
    before, after = (git(clone, "show", f"{each.commit}:CHANGELOG.md", check=False) for each in (old, new))
    sections = re.findall(r"^### By hand\n+(.+?)(?=\n+## |\n+### |\Z)", after, re.MULTILINE | re.DOTALL)
    return [f"\nBy hand:\n{section}" for section in sections if section not in before]


def next_steps(changes: dict[str, str], variables: list[str]) -> list[str]:
    """Return what to do after a merge.

    Args:
        changes: the letter of git's status for each changed path.
        variables: environment variables that `.env.example` has gained.
    """
    steps = ["Resolve the conflicts, then: git add --all"] if "U" in changes.values() else []
    if variables:
        steps.append("Set what you need in .env: " + ", ".join(variables))
    for name, kind in sorted(changes.items()):
        app = name.rpartition("/migrations/")[0].rpartition("/")[2]
        if kind == "A" and app and re.search(r"/\d{4}_\w+\.py$", name):
            steps.append(f"New migration, for `make setup` and the deployment: {name}")
        elif kind == "D" and app and "/0001_" in name:
            steps.append(f"Before deploying, drop the tables with the old code: manage.py migrate {app} zero")
    if any(name.endswith(".po") for name in changes):
        steps.append("make messages")
    return [*steps, "make setup", "make check test", "git commit (or undo: git cherry-pick --abort)"]


def create_repository(folder: Path, project: Path) -> None:
    """Create a repository that does not depend on the user's configuration, except for name and email."""
    git(folder.parent, "init", "--quiet", str(folder))
    for key in ("user.name", "user.email"):
        git(folder, "config", key, git(project, "config", key, check=False) or "cornerstone")
    for setting in (
        "core.autocrlf=false",
        "core.excludesFile=",
        "core.hooksPath=none",
        "commit.gpgSign=false",
    ):
        git(folder, "config", *setting.split("="))


def commit_of(clone: Path, name: str) -> str:
    """Return the commit of a tag, branch or commit of the template.

    Raises:
        UpdateError: the template does not have it.
    """
    for ref in (f"refs/tags/{name}", f"refs/remotes/origin/{name}", name):
        if commit := git(clone, "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}", check=False):
            return commit
    raise UpdateError(f"The template has no commit {name}. Name another one: TO=, or FROM= for the project.")


def name_of(clone: Path, commit: str) -> str:
    """Return the tag of a commit, or the commit."""
    return git(clone, "describe", "--tags", "--exact-match", commit, check=False) or commit[:12]


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run git in a folder; return its stdout.

    Raises:
        UpdateError: git failed, and `check` is true.
    """
    run = run_command("git", "-C", str(folder), *arguments)
    if check and run.returncode:
        raise UpdateError(f"git {' '.join(arguments[:2])}: {run.stderr.strip()}")
    return run.stdout.strip()


def run_command(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command and capture its output."""
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=ENVIRONMENT)  # noqa: S603 - no shell


if __name__ == "__main__":
    sys.exit(main())
