"""Ways to pass answers to cookiecutter, valid and invalid ones."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from baking import PROMPTS, Bakery, bare_environment, files_of, options, run

if TYPE_CHECKING:
    from pathlib import Path


class Machine:
    """Simulated user machine: an empty home, an empty working directory, and cookiecutter."""

    def __init__(self, place: Path, template: Path) -> None:
        self.template = template
        self.home = place / "home"
        self.cwd = place / "work"
        self.home.mkdir()
        self.cwd.mkdir()
        self.env = bare_environment(HOME=str(self.home), USERPROFILE=str(self.home), PYTHONDONTWRITEBYTECODE="1")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "cookiecutter", str(self.template), *arguments]

    def generate(self, *arguments: str, typed: str = "") -> str:
        return run(*self.command(*arguments), cwd=self.cwd, env=self.env, typed=typed)

    def refuse(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            self.command(*arguments), cwd=self.cwd, env=self.env, check=False, capture_output=True, encoding="utf-8"
        )
        assert result.returncode == 1
        assert list(self.cwd.iterdir()) == []
        return result


@pytest.fixture
def machine(tmp_path: Path, template: Path) -> Machine:
    return Machine(tmp_path, template)


def metadata(project: Path) -> dict[str, Any]:
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))


def test_defaults_generate_project_and_print_next_commands(machine: Machine) -> None:
    printed = machine.generate("--no-input")
    project = machine.cwd / "my_api"
    assert f"  cd {project}\n  git init\n  make run\n" in printed
    assert metadata(project)["project"]["name"] == "my_api-backend"


def test_next_command_quotes_folder_with_a_space(machine: Machine) -> None:
    printed = machine.generate("--no-input", "--output-dir", "My projects")
    assert f"  cd '{machine.cwd}/My projects/my_api'\n" in printed


def test_answers_can_be_typed_at_prompts(machine: Machine) -> None:
    answers = {
        "project_name": "{{ 7*7 }} {% raw %}",
        "project_slug": "typed_by_hand",
        "description": '# % if it\'s "quoted" \\ and {{ cookiecutter.email }}',
        "author_name": "{# Ada #}",
        "email": "ada@example.org",
        "domain_name": "typed.example.org",
        "timezone": "Europe/Berlin",
    }
    typed = "".join(f"{answers.get(key, '')}\n" for key in PROMPTS)
    machine.generate(typed=typed)
    written = metadata(machine.cwd / "typed_by_hand")
    assert written["project"]["description"] == answers["description"]
    assert written["project"]["authors"] == [{"name": answers["author_name"], "email": answers["email"]}]
    assert written["tool"]["project"]["title"] == answers["project_name"]


def test_prompts_have_texts(machine: Machine) -> None:
    printed = machine.generate(typed="\n" * len(PROMPTS))
    questions = re.findall(rf"\[(\d+)/{len(PROMPTS)}\] ", printed)
    assert questions == [str(number + 1) for number in range(len(PROMPTS))]
    assert not [key for key in PROMPTS if re.search(rf"\] (Select )?{key}\b", printed)]


def test_answers_can_be_passed_as_key_value(machine: Machine) -> None:
    machine.generate("--no-input", "project_name=Parcel Tracker", "license=Apache-2.0")
    assert metadata(machine.cwd / "parcel_tracker")["project"]["license"] == "Apache-2.0"


def test_answers_can_be_read_from_configuration_file(machine: Machine) -> None:
    config = machine.home / "cookiecutter.yml"
    config.write_text(yaml.safe_dump({"default_context": {"author_name": "Ünal 'Q' \"R\""}}), encoding="utf-8")
    machine.generate("--no-input", "--config-file", str(config))
    assert metadata(machine.cwd / "my_api")["project"]["authors"][0]["name"] == "Ünal 'Q' \"R\""


def test_replay_repeats_last_answers(machine: Machine) -> None:
    machine.generate("--no-input", "project_name=Again", "django_version=6.1")
    shutil.move(machine.cwd / "again", machine.home / "first")
    machine.generate("--replay")
    assert dict(files_of(machine.cwd / "again")) == dict(files_of(machine.home / "first"))


def test_concurrent_generation_is_isolated(machine: Machine, bake: Bakery) -> None:
    arguments = [("--output-dir", folder, "--no-input") for folder in ("one", "other")]
    running = [subprocess.Popen(machine.command(*line), cwd=machine.cwd, env=machine.env) for line in arguments]
    assert [process.wait() for process in running] == [0, 0]
    for folder in ("one", "other"):
        assert dict(files_of(machine.cwd / folder / "my_api")) == dict(files_of(bake()))


def test_generation_is_deterministic_except_for_the_secret(machine: Machine, bake: Bakery) -> None:
    machine.generate("--no-input")
    again = machine.cwd / "my_api"
    assert dict(files_of(again)) == dict(files_of(bake()))
    assert (again / ".env").read_bytes() != (bake() / ".env").read_bytes()


def test_env_file_equals_example_with_a_secret(bake: Bakery) -> None:
    project = bake()
    example, env = ((project / name).read_text(encoding="utf-8").splitlines() for name in (".env.example", ".env"))
    changed = [(old, new) for old, new in zip(example, env, strict=True) if old != new]
    assert [old.partition("=")[0] for old, _ in changed] == ["SECRET_KEY"]
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600


def test_env_file_is_ignored_by_git(bake: Bakery, tmp_path: Path) -> None:
    project = shutil.copytree(bake(), tmp_path / "project")
    run("git", "init", "--quiet", cwd=project)
    assert run("git", "check-ignore", ".env", cwd=project) == ".env\n"


def test_overwrite_keeps_files_added_by_user(machine: Machine) -> None:
    machine.generate("--no-input")
    project = machine.cwd / "my_api"
    folders = [path for path in project.rglob("*") if path.is_dir()]
    own = [project / ".env", *(folder / "mine.txt" for folder in folders)]
    for path in own:
        path.write_text("mine", encoding="utf-8")
    machine.generate("--no-input", "--overwrite-if-exists", "description=Another one.")
    assert [path for path in own if not path.exists() or path.read_text(encoding="utf-8") != "mine"] == []
    assert metadata(project)["project"]["description"] == "Another one."


def test_existing_folder_is_unchanged_without_overwrite_option(machine: Machine) -> None:
    (machine.cwd / "my_api").mkdir()
    with pytest.raises(AssertionError, match="already exists"):
        machine.generate("--no-input")
    assert list((machine.cwd / "my_api").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Ünïcödé Shop", "unicode_shop"),
        ("日本語", "ri_ben_yu"),
        ("3D Printers", "project_3d_printers"),
        ("🚀", "project"),
        ("{", "project"),
        ("a" * 200, "a" * 40),
        (f"{'a' * 39} {'b' * 200}", "a" * 39),
        ("O'Neill & Sons", "o_neill_sons"),
    ],
)
def test_slug_is_derived_from_any_name(bake: Bakery, name: str, slug: str) -> None:
    project = bake(project_name=name)
    assert project.name == slug
    assert metadata(project)["tool"]["project"]["title"] == name


BAD = {
    "project_name": "a\nb",
    "project_slug": "1st",
    "description": "\t",
    "author_name": "\x07",
    "email": "nobody",
    "domain_name": "https://example.com",
    "timezone": "Berlin",
    "features": "fles",
}


def faults_in(result: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the rejected keys listed in stderr; cookiecutter logs to stdout."""
    lines = result.stderr.partition("\n\n")[0].splitlines()
    assert all(re.fullmatch(r"\w+: .+, for example: .+", line) for line in lines)
    return [line.partition(":")[0] for line in lines]


@pytest.mark.parametrize("key", sorted(BAD))
def test_invalid_answer_is_rejected_before_files_are_written(machine: Machine, key: str) -> None:
    assert faults_in(machine.refuse("--no-input", f"{key}={BAD[key]}")) == [key]


def test_rejection_lists_all_invalid_answers(machine: Machine) -> None:
    result = machine.refuse("--no-input", *(f"{key}={value}" for key, value in BAD.items()))
    assert faults_in(result) == list(BAD)


def test_rejection_prints_command_that_keeps_valid_answers(machine: Machine) -> None:
    good = {"project_name": "It's $HOME", "author_name": 'Ada "Countess" Lovelace', "use_channels": "true"}
    refused = machine.refuse("--no-input", *(f"{key}={value}" for key, value in {**BAD, **good}.items()))
    command = refused.stderr.splitlines()[-1]
    assert command.startswith("  cookiecutter --no-input ")
    run("sh", "-c", f"{shlex.quote(sys.executable)} -m {command.strip()}", cwd=machine.cwd, env=machine.env)
    project = metadata(next(machine.cwd.iterdir()))
    assert project["tool"]["project"]["title"] == good["project_name"]
    assert project["project"]["authors"] == [{"name": good["author_name"], "email": "api@example.com"}]
    assert "channels~=4.3.2" in project["project"]["dependencies"]


def test_record_contains_answers(machine: Machine) -> None:
    machine.generate("--no-input", "features=files", "project_name=Ünïcödé")
    record = json.loads((machine.cwd / "unicode" / ".cornerstone.json").read_text(encoding="utf-8"))
    assert record["template"] == str(machine.template)
    assert record["commit"] is None
    assert record["answers"].keys() == set(PROMPTS)
    assert (record["answers"]["features"], record["answers"]["project_name"]) == ("files", "Ünïcödé")


def test_invalid_answer_leaves_existing_project_unchanged(machine: Machine) -> None:
    machine.generate("--no-input")
    before = dict(files_of(machine.cwd / "my_api"))
    with pytest.raises(AssertionError, match="email: 'nobody' has no @"):
        machine.generate("--no-input", "--overwrite-if-exists", "email=nobody")
    assert dict(files_of(machine.cwd / "my_api")) == before


@pytest.mark.parametrize("option", options())
def test_unknown_choice_is_rejected_by_cookiecutter(machine: Machine, option: str) -> None:
    assert option in machine.refuse("--no-input", f"{option}=unheard-of").stderr


def test_replay_rejects_file_with_invalid_answers(machine: Machine) -> None:
    machine.generate("--no-input")
    shutil.rmtree(machine.cwd / "my_api")
    [replay] = (machine.home / ".cookiecutter_replay").glob("*.json")
    context = json.loads(replay.read_text(encoding="utf-8"))
    context["cookiecutter"] |= {"license": "WTFPL", "email": "nobody"}
    replay.write_text(json.dumps(context), encoding="utf-8")
    assert faults_in(machine.refuse("--replay")) == ["email", "license"]
