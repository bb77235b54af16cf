"""Parsing of `.env`, which must match Docker Compose; the expected values are from version 2.26."""

from pathlib import Path

import pytest

from config.env import DotEnv


def read(folder: Path, content: bytes) -> DotEnv:
    file = folder / ".env"
    file.write_bytes(content)
    return DotEnv(file)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"A=x", "x"),
        (b"export A=x", "x"),
        (b"\xef\xbb\xbfA=x", "x"),
        (b"  A = x  ", "x"),
        (b"A=x\r\nB=y\r\n", "x"),
        (b"A=1\nA=x", "x"),
        (b"# A=1\n\nA=x # comment", "x"),
        (b"A=x#y", "x#y"),
        (b"A=a b=c", "a b=c"),
        (b"A=it's", "it's"),
        (b"A=a\\nb", "a\\nb"),
        (b"A=", ""),
        (b"A=\nB=1", ""),
        (b"A='$x # y' # comment", "$x # y"),
        (b'A="it\'s # y"# comment', "it's # y"),
    ],
)
def test_dotenv_is_parsed_as_by_compose(tmp_path: Path, content: bytes, value: str) -> None:
    dotenv = read(tmp_path, content)
    assert dotenv.data["A"] == value
    assert dotenv.faults == {}


@pytest.mark.parametrize(
    "line",
    [
        b"A",
        b"export A",
        b"A: s3cret",
        b"=s3cret",
        b"1A=s3cret",
        b"A-B=s3cret",
        b"A=#s3cret",
        b"A= # s3cret",
        b"A=s3cret\t# comment",
        b"A=$s3cret",
        b"A=s3cret$",
        b"A=$$s3cret",
        b'A="${s3cret}"',
        b'A="s3cret',
        b"A='s3cret",
        b'A="s3cret"x',
        b'A="s3cret\\a"',
        b'A="s3cret\\n"',
        b"A='it\\'s3cret'",
    ],
)
def test_dotenv_line_with_ambiguous_meaning_is_an_error_with_its_number(tmp_path: Path, line: bytes) -> None:
    dotenv = read(tmp_path, b"B=1\n\n" + line + b"\nC=2\n")
    assert list(dotenv.faults) == [".env line 3"]
    assert "s3cret" not in dotenv.faults[".env line 3"]
    assert dotenv.data == {"B": "1", "C": "2"}


def test_dotenv_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    assert read(tmp_path, "A=x".encode("utf-16")).faults == {".env": "must be encoded in UTF-8"}


def test_dotenv_with_long_lines_is_parsed_in_linear_time(tmp_path: Path) -> None:
    for line in (
        b"A=" + b" #" * 50_000,
        b"A=" + b"\t#" * 50_000,
        b'A="' + b"\\" * 99_999,
        b" " * 100_000 + b"x",
    ):
        assert len(read(tmp_path, line).faults) <= 1
