"""Post-generation hook: delete unselected files, write `.env` and `.cornerstone.json`, print the next commands.

Cookiecutter renders this file and runs it in the generated project, and so does every `make update`. It therefore
uses the standard library only, no network, and no random values outside `.env`, which git ignores.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWERS = r"""{{ cookiecutter | jsonify }}"""


def main() -> int:
    """Finish the project in the current folder; return 1 if the template is invalid."""
    answers, project = json.loads(ANSWERS), Path.cwd()
    try:
        remove_unchosen(project, answers)
        write_env(project)
        write_record(project, answers)
    except (LookupError, OSError) as error:
        print(error.args[0] if isinstance(error, LookupError) else error, file=sys.stderr)
        return 1
    # cruft generates in a temporary folder, and the stdout of `cruft diff` must be a valid patch.
    by_cookiecutter = "_output_dir" in answers
    folder = shlex.quote(str(project) if by_cookiecutter else project.name)
    # A Windows console may not support the characters of the folder name; stderr replaces them by default.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    print(
        f"\nYour project is in {folder}. Next:\n\n  cd {folder}\n  git init\n  make run\n",
        file=sys.stdout if by_cookiecutter else sys.stderr,
    )
    return 0


def unchosen_paths(answers: Mapping[str, Any]) -> list[str]:
    """Return the paths of the table `_keep` whose condition is false.

    A condition maps options to the value, or the list of values, with which the path is kept; all must match. A name
    under `features` must be one of the selected features.

    Raises:
        LookupError: a condition names an unknown option.
    """
    chosen = {**answers, "features": answers["__features"].split()}
    conditions: Mapping[str, Mapping[str, Any]] = answers["_keep"]
    if unknown := sorted({key for condition in conditions.values() for key in condition} - chosen.keys()):
        raise LookupError("_keep in cookiecutter.json names unknown options: " + ", ".join(unknown))

    def applies(key: str, value: Any) -> bool:
        answer = chosen[key]
        return value in answer if key == "features" else answer in (value if isinstance(value, list) else [value])

    return [path for path, condition in conditions.items() if not all(applies(*item) for item in condition.items())]


def remove_unchosen(project: Path, answers: Mapping[str, Any]) -> None:
    """Delete the paths whose condition is false, and the folders that become empty.

    Raises:
        LookupError: a path of `_keep` does not exist, or a condition is invalid.
    """
    if missing := sorted(path for path in answers["_keep"] if not (project / path).exists()):
        raise LookupError("_keep in cookiecutter.json names paths that do not exist: " + ", ".join(missing))
    for path in map(project.joinpath, unchosen_paths(answers)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            # May have been deleted with a parent folder.
            path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == project or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()


def write_env(project: Path) -> None:
    """Write `.env` with a new secret key, readable by the owner only; keep an existing file.

    Raises:
        LookupError: `.env.example` does not have exactly one line for the secret key.
    """
    example = (project / ".env.example").read_text(encoding="utf-8")
    text, lines = re.subn(r"^SECRET_KEY=.*$", f"SECRET_KEY={secrets.token_urlsafe(50)}", example, flags=re.MULTILINE)
    if lines != 1:
        raise LookupError(".env.example must have exactly one line that starts with SECRET_KEY=")
    try:
        descriptor = os.open(project / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def write_record(project: Path, answers: Mapping[str, Any]) -> None:
    """Write the template, its commit and the answers to `.cornerstone.json`, for updates from the template."""
    record = {
        "template": template_of(answers),
        "commit": commit_of(answers),
        "answers": {key: answer for key, answer in answers.items() if not key.startswith("_")},
    }
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    with (project / ".cornerstone.json").open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def template_of(answers: Mapping[str, Any]) -> str:
    """Return the source of the template; local paths are made absolute."""
    local = folder_of(answers["_template"])
    return str(local) if local else str(answers["_template"])


def folder_of(template: str) -> Path | None:
    """Return the folder of a local template, or None."""
    # The hook runs in the new project; relative paths refer to the folder of the shell, `PWD`.
    folder = Path(os.environ.get("PWD", ""), template).resolve()
    return folder if (folder / "cookiecutter.json").is_file() else None


def commit_of(answers: Mapping[str, Any]) -> str | None:
    """Return the commit of the template, or None if it is unknown or there are uncommitted changes."""
    if "_commit" in answers:  # set by cruft
        return str(answers["_commit"])
    # cookiecutter clones a remote template to `_repo_dir` before it runs the hooks.
    repository = folder_of(answers.get("_repo_dir", ""))
    if repository is None or not (repository / ".git").exists():
        return None
    import subprocess  # noqa: PLC0415 - a third of the import time, and only needed here

    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        found = subprocess.run(command, cwd=repository, env=env, check=True, capture_output=True, encoding="utf-8")  # noqa: S603 - contains no user input
    except (OSError, subprocess.CalledProcessError):
        return None
    commit = found.stdout.strip()
    return None if commit.endswith("-dirty") else commit


if __name__ == "__main__":
    sys.exit(main())
