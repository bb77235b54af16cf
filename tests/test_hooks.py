from __future__ import annotations

import itertools
import json
import os
import stat
import unicodedata
import zoneinfo
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from baking import DEFINITION, FEATURES, PROMPTS, context_of, options, run
from hypothesis import given
from hypothesis import strategies as st
from post_gen_project import commit_of, remove_unchosen, template_of, unchosen_paths, write_env, write_record
from pre_gen_project import CHOICES, SWITCHES, WHOLE, faults, line_fault, zone_fault

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, list[str]] = {
    "project_name": ["My API", "Ünïcödé", "日本語", "a" * 200, "{{ 7*7 }}", "👩‍👩‍👧", "‏شركة‎"],
    "project_slug": ["a", "my_api", "a" * 40, "calendar", "class", "django", "queue", "x1", "x_"],
    "description": ["# % if", "'\"\\", "a: b, c #d"],
    "author_name": ['O\'Neill "Jim"', "${x} %(x)s"],
    "email": ["you@example.com", "first.last+tag@mail.example.co", "o'neill@example.com", "me@EXAMPLE.com"],
    "domain_name": ["example.com", "localhost", "a-b.example.com", "xn--bcher-kva.example", "1.example.com"],
    "timezone": ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"],
    "features": ["none", "NONE", "", " , ", "files", "Files", "files, files", ",,files ,"],
}
BAD: dict[str, list[str]] = {
    "project_name": ["", "  ", "two\nlines", "tab\there", "bell\a", "line\u2028separator", "\udc80", "\ufffe"],
    "project_slug": [
        "", "My_Api", "1st", "_x", "my-api", "a" * 41, "pg_api", "postgres", "public", "naïve", "a\n",
    ],
    "description": ["", "two\r\nlines", "\x1b[31mred"],
    "author_name": ["", "\x7f", "\x85"],
    "email": [
        "", "you", "@example.com", "you@", "a@b@c", "a b@example.com", "you@exa mple.com", ".a@example.com",
        "é@example.com",
    ],
    "domain_name": [
        "", "https://example.com", "example.com/", "example.com:80", "-a.com", "a..com", "10.0.0.1", "bücher.example",
        "Example.com", "a" * 64 + ".com", "example.com.", "example.com\n",
    ],
    "timezone": ["", "Berlin", "Europe", "utc", "Europe/Nowhere", "localtime", "../etc/passwd", "UTC\n"],
    "features": ["fles", "blogs", "none files", "all, files", "none all", "files;", "файлы", "fi les"],
}  # fmt: skip


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(key, answer) for key, answers in table.items() for answer in answers]


@pytest.fixture
def answers() -> dict[str, Any]:
    return context_of({})


@pytest.mark.parametrize(("key", "answer"), cases(GOOD))
def test_valid_answer_is_accepted(answers: dict[str, Any], key: str, answer: str) -> None:
    assert list(faults(answers | {key: answer})) == []


@pytest.mark.parametrize(("key", "answer"), cases(BAD), ids=ascii)
def test_invalid_answer_is_rejected_with_a_valid_example(answers: dict[str, Any], key: str, answer: str) -> None:
    [fault] = faults(answers | {key: answer})
    named, _, rest = fault.partition(": ")
    example = rest.rpartition(", for example: ")[2]
    assert named == key
    assert fault.isprintable()
    assert list(faults(answers | {key: example})) == []


@pytest.mark.parametrize("option", options())
def test_unknown_option_value_is_rejected(answers: dict[str, Any], option: str) -> None:
    [fault] = faults(answers | {option: "unheard-of"})
    assert fault.startswith(f"{option}: 'unheard-of' is ")


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("fles", "'fles' is unknown (did you mean files?)"),
        ("blgo, FILE", "'blgo' is unknown (did you mean blog?), 'file' is unknown (did you mean files?)"),
        ("none files", "none cannot be combined with other names"),
        ("all none", "all and none cannot be combined with other names"),
    ],
)
def test_features_that_are_unknown_or_conflict_are_reported(answers: dict[str, Any], typed: str, fault: str) -> None:
    [found] = faults(answers | {"features": typed})
    assert found.startswith(f"features: {fault}; choose from {', '.join(FEATURES)}, all, none, for example: ")


@pytest.mark.parametrize("typed", ["chat", "files chat", "Chat,", "all", "chats"])
def test_feature_without_required_option_is_rejected(answers: dict[str, Any], typed: str) -> None:
    answers |= {"features": typed, "_features": {"files": "", "chat": "use_channels"}}
    fault = "use_channels: is needed by chat in features, for example: true"
    assert list(faults(answers | {"use_channels": False}))[-1] == fault
    assert fault not in faults(answers | {"use_channels": True})


@pytest.mark.parametrize(
    ("typed", "expanded"),
    [
        ("none", ""),
        ("", ""),
        ("files", "files"),
        ("Notifications,,FILES files", "files notifications"),
        (" All ", " ".join(FEATURES)),
        ("unknown", ""),
    ],
)
def test_features_are_expanded_for_conditions(typed: str, expanded: str) -> None:
    assert context_of({"features": typed})["__features"] == expanded


def test_feature_names_are_no_substrings_of_each_other() -> None:
    words = [*FEATURES, *WHOLE]
    assert [(one, other) for one, other in itertools.permutations(words, 2) if one in other] == []


def test_features_prompt_lists_all_names() -> None:
    assert f"({', '.join(FEATURES)}, all or none)" in DEFINITION["__prompts__"]["features"]


def test_features_require_existing_options() -> None:
    assert set(DEFINITION["_features"].values()) - {""} <= set(SWITCHES)


def test_prompts_are_all_validated() -> None:
    assert set(GOOD) == set(BAD) == set(PROMPTS) - set(options())


def test_hook_choices_match_cookiecutter_json() -> None:
    assert {option: list(choices) for option, choices in CHOICES.items()} | {
        switch: [DEFINITION[switch], not DEFINITION[switch]] for switch in SWITCHES
    } == options()


@given(st.text(alphabet=st.characters(categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1), st.text())
def test_control_characters_are_rejected_at_any_position(forbidden: str, text: str) -> None:
    assert line_fault(f"a{text}{forbidden}{text}")


@given(st.text(alphabet=st.characters(categories=["L", "M", "N", "P", "S", "Zs", "Cf"]), min_size=1))
def test_printable_lines_are_accepted(text: str) -> None:
    assert not line_fault(f"a{text}"), [unicodedata.category(character) for character in text]


def test_time_zone_pattern_is_checked_without_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.ZoneInfo", mock.Mock(side_effect=zoneinfo.ZoneInfoNotFoundError))
    assert not zone_fault("Europe/Berlin")
    assert zone_fault("Europe / Berlin")


def make_project(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


PATHS = ("infrastructure/tasks/checks.py", "worker.py", "deploy/compose.yml", "deploy/proxy/Caddyfile", "manage.py")


@pytest.mark.parametrize(
    ("dropped", "retained", "kept"),
    [
        ([], ["infrastructure/tasks", "worker.py", "deploy", "deploy/proxy"], PATHS),
        (["infrastructure/tasks", "deploy/proxy"], [], ("worker.py", "deploy/compose.yml", "manage.py")),
        (["deploy/compose.yml", "deploy/proxy/Caddyfile"], [], (PATHS[0], "worker.py", "manage.py")),
        (["deploy"], ["deploy/proxy"], (PATHS[0], "worker.py", "manage.py")),
        (["deploy", "deploy/proxy/Caddyfile"], [], (PATHS[0], "worker.py", "manage.py")),
    ],
    ids=["all kept", "folders removed", "files removed", "row of a parent decides", "both removed"],
)
def test_unchosen_paths_are_removed_with_the_folders_that_become_empty(
    tmp_path: Path, dropped: list[str], retained: list[str], kept: tuple[str, ...]
) -> None:
    make_project(tmp_path, *PATHS)
    (tmp_path / "mine").mkdir()
    conditions = {path: {"use_x": path in retained} for path in [*dropped, *retained]}
    remove_unchosen(tmp_path, {"use_x": True, "__features": "", "_keep": conditions})
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {name for name in left if (tmp_path / name).is_file()} == set(kept)
    assert [name for name in left if (tmp_path / name).is_dir() and not any((tmp_path / name).iterdir())] == ["mine"]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ({}, True),
        ({"use_x": True}, True),
        ({"use_x": False}, False),
        ({"deployment": "compose"}, True),
        ({"deployment": "none"}, False),
        ({"deployment": ["compose", "kubernetes"]}, True),
        ({"deployment": ["none", "kubernetes"]}, False),
        ({"features": "files"}, True),
        ({"features": "file"}, False),
        ({"features": "blog"}, False),
        ({"features": "files", "use_x": True}, True),
        ({"features": "files", "use_x": False}, False),
        ({"features": "blog", "use_x": True}, False),
    ],
)
def test_keep_condition_requires_all_its_answers(condition: dict[str, Any], *, kept: bool) -> None:
    answers = {"use_x": True, "deployment": "compose", "features": "FILES, mfa", "__features": "files mfa"}
    assert unchosen_paths({**answers, "_keep": {"x.py": condition}}) == ([] if kept else ["x.py"])


def test_keep_path_must_exist(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"_keep .* do not exist: nowhere\.py"):
        remove_unchosen(tmp_path, {"__features": "", "_keep": {"nowhere.py": {}}})


def test_keep_condition_must_name_known_options() -> None:
    with pytest.raises(LookupError, match=r"_keep .* unknown options: use_y"):
        unchosen_paths({"use_x": True, "__features": "", "_keep": {"x.py": {"use_y": True}, "y.py": {"use_x": True}}})


def test_env_file_is_private_and_has_a_unique_secret(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("A=1\nSECRET_KEY=\nB=ü\n", encoding="utf-8")
    secrets = set()
    for _ in range(2):
        write_env(tmp_path)
        first, secret, last = (tmp_path / ".env").read_text(encoding="utf-8").splitlines()
        assert (first, last) == ("A=1", "B=ü")
        assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600 or os.name == "nt"
        secrets.add(secret)
        (tmp_path / ".env").unlink()
    assert len(secrets) == 2
    assert all(len(secret.removeprefix("SECRET_KEY=")) >= 50 for secret in secrets)


def test_env_file_is_kept_if_it_exists(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("SECRET_KEY=\n", encoding="utf-8")
    (tmp_path / ".env").write_text("mine", encoding="utf-8")
    write_env(tmp_path)
    assert (tmp_path / ".env").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("example", ["A=1\n", "SECRET_KEY=\nSECRET_KEY=\n"])
def test_env_example_must_have_one_secret_line(tmp_path: Path, example: str) -> None:
    (tmp_path / ".env.example").write_text(example, encoding="utf-8")
    with pytest.raises(LookupError, match="exactly one line"):
        write_env(tmp_path)


RECORDED = {"_template": "gh:someone/template", "_keep": {}, "_repo_dir": "nowhere", "use_x": True, "name": "Ünal 🚀"}


def test_record_has_template_commit_and_answers_without_private_keys(tmp_path: Path) -> None:
    write_record(tmp_path, RECORDED)
    text = (tmp_path / ".cornerstone.json").read_text(encoding="utf-8")
    answers = {"use_x": True, "name": "Ünal 🚀"}
    assert json.loads(text) == {"template": "gh:someone/template", "commit": None, "answers": answers}
    assert "Ünal 🚀" in text
    assert text.endswith("}\n")


def test_record_has_the_commit_of_a_clone_without_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "cookiecutter.json").write_text("{}", encoding="utf-8")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    run("git", "init", "--quiet", cwd=clone)
    run("git", "add", "--all", cwd=clone)
    run("git", *identity, "commit", "--quiet", "--message", "First", cwd=clone)
    head = run("git", "rev-parse", "HEAD", cwd=clone).strip()
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert commit_of(RECORDED | {"_repo_dir": str(clone)}) == head
    assert commit_of(RECORDED | {"_repo_dir": "clone"}) == head
    assert template_of(RECORDED | {"_template": "clone"}) == str(clone)
    (clone / "cookiecutter.json").write_text("[]", encoding="utf-8")
    assert commit_of(RECORDED | {"_repo_dir": str(clone)}) is None


def test_record_uses_commit_of_cruft() -> None:
    assert commit_of(RECORDED | {"_commit": "1234"}) == "1234"
