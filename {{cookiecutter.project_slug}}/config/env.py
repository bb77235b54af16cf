"""Typed environment variables, from the environment or the file `.env` in the folder of `manage.py`.

This is the only module that reads the environment. A variable without a value is read from the file at
`NAME_FILE` (container secrets). Each call declares its variable. Invalid values are recorded and replaced by
the default, so that `env.check()` reports all of them in one message.

Source: https://12factor.net/config
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from decouple import FALSE_VALUES, TRUE_VALUES, Config, RepositoryEnv
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

BASE_DIR = Path(__file__).resolve().parent.parent

# A comment, or a name with a value: in single quotes, in double quotes, or plain up to " #". Escapes and
# variables are rejected, so that Docker Compose reads the same values.
# https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
_LINE = re.compile(
    r"""\A(?:\#.*|(?:export\s++)?(?P<name>(?!export\s)[A-Za-z_]\w*+)\s*+=\s*+(?:
        '(?P<single>[^'\\]*+)'\s*+(?:\#.*)?|"(?P<double>[^"\\$]*+)"\s*+(?:\#.*)?
        |(?P<plain>[^\s'"#$](?:[^#$]|(?<!\s)\#)*+)(?:(?<=[ ])\#.*)?)?)""",
    re.VERBOSE,
)


class DotEnv(RepositoryEnv):
    """`.env` file. Lines that Docker Compose would read differently are recorded as faults."""

    def __init__(self, source: Path) -> None:
        self.data: dict[str, str] = {}
        self.faults: dict[str, str] = {}
        try:
            text = source.read_bytes().decode("utf-8-sig") if source.is_file() else ""
        except UnicodeDecodeError:
            text, self.faults[source.name] = "", "must be encoded in UTF-8"
        for number, line in enumerate(map(str.strip, text.split("\n")), start=1):
            match = _LINE.fullmatch(line)
            if line and match is None:
                self.faults[f"{source.name} line {number}"] = (
                    "must be NAME=value, in single quotes if the value has a quote, a backslash, $ or #"
                )
            elif match and match["name"]:
                quoted = match["single"] or match["double"]
                self.data[match["name"]] = quoted or (match["plain"] or "").rstrip()


class Form:
    """Pattern for whole values, with a description for the error message."""

    def __init__(self, pattern: str, good: str) -> None:
        self.pattern = pattern
        self.good = good

    def __call__(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            raise ValueError(f"must be {self.good}")
        return text


PORT = r"(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]?\d{1,4})"
_IPV6 = r"\[[0-9A-Fa-f:.]+\]"
_AUTHORITY = rf"(?:[A-Za-z0-9_][A-Za-z0-9._-]*|{_IPV6})(?::{PORT})?"
_OPTION = (
    r"(?:db|username|password|client_name|protocol|virtual_host|(?:ssl|socket)_\w+|\w+_(?:interval|timeout))"
)

Anything = Form(r"[\s\S]+", "set")
Host = Form(r"\w[A-Za-z0-9._-]*|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*", "a host name without port")
AllowedHost = Form(
    rf"\*|\.?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|{_IPV6}",
    "host names without scheme, port and path, such as api.example.com,.example.org",
)
# Browsers send origins in lower case and without the default port.
Origin = Form(
    rf"(?!http://[^\]]*:80$|https://[^\]]*:443$|.*[A-Z])[a-z][a-z0-9+.-]*://(?:\*\.)?{_AUTHORITY}",
    "origins in lower case without path and default port, such as https://app.example.com",
)
Url = Form(rf"https?://{_AUTHORITY}(?:/[^\s?#]*)?", "a URL without query, such as https://www.example.com")
RedisUrl = Form(
    rf"(?:rediss?://(?:[^\s/?#\[\]]*@)?{_AUTHORITY}(?:/\d*)?|unix://[^\s?#]+)(?:\?(?:{_OPTION}=[^\s&#]*&?)+)?",
    "a URL such as redis://:password@localhost:6379/0, with special characters percent-encoded",
)


class Variable(NamedTuple):
    parse: Callable[[str], Any]
    default: Any
    secret: bool


class Environment(Config):
    """Reader of typed values. Empty variables and files count as not set (`${NAME:-}` in Compose).

    Error messages contain the name and an example, never the value, which may be a secret.
    """

    def __init__(self, repository: DotEnv) -> None:
        super().__init__(repository)  # type: ignore[no-untyped-call]
        self.declared: dict[str, Variable] = {}
        self.given: set[str] = set()
        self.faults = dict(repository.faults)

    def parsed(self, name: str, parse: Callable[[str], T], default: T, *, secret: bool = False) -> T:
        """Read a variable with `parse`, whose ValueError must not quote the value."""
        self.declared[name] = Variable(parse, default, secret)
        for source, read in ((name, str), (f"{name}_FILE", _contents)):
            try:
                text = read(self.get(source, default=""))  # type: ignore[no-untyped-call]
                if text := text if secret else text.strip():
                    self.given.add(name)
                    return parse(text)
            except ValueError as error:
                self.faults[source] = str(error)
                return default
        return default

    def text(self, name: str, default: str = "", *, form: Form = Anything, secret: bool = False) -> str:
        return self.parsed(name, form, default, secret=secret)

    def texts(self, name: str, *, form: Form) -> list[str]:
        """Read a comma-separated list."""
        return self.parsed(
            name, lambda text: [form(item.strip()) for item in text.strip(", ").split(",")], []
        )

    def integer(self, name: str, *, default: int, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
        form = Form(r"-?[0-9]{1,19}", f"a whole number from {minimum} to {maximum}, without a unit")
        return self.parsed(
            name, lambda text: int(form(text if minimum <= int(form(text)) <= maximum else "")), default
        )

    def fraction(self, name: str, *, default: float) -> float:
        form = Form(r"0(?:\.[0-9]{1,9})?|1(?:\.0{1,9})?|\.[0-9]{1,9}", "a number from 0 to 1, such as 0.25")
        return self.parsed(name, lambda text: float(form(text)), default)

    def boolean(self, name: str, *, default: bool) -> bool:
        form = Form("|".join(TRUE_VALUES | FALSE_VALUES), "true or false")
        return self.parsed(name, lambda text: form(text.lower()) in TRUE_VALUES, default)

    def choice(self, name: str, *choices: str, default: str) -> str:
        """Read one of several words, case-insensitively."""
        words = {choice.lower(): choice for choice in choices}
        form = Form("|".join(words), f"one of {', '.join(choices)}")
        return self.parsed(name, lambda text: words[form(text.lower())], default)

    def path(self, name: str, default: str) -> str:
        """Read a path, relative to the folder of `manage.py`."""
        return self.parsed(name, lambda text: str(BASE_DIR / text), str(BASE_DIR / default))

    def require(self, *names: str) -> None:
        """Record a fault for each variable that is not set."""
        for name in names:
            if name not in self.given and f"{name}_FILE" not in self.faults:
                try:
                    self.declared[name].parse("")
                except ValueError as error:
                    self.faults[name] = f"is required, and {error}"

    def check(self) -> None:
        """Raise ImproperlyConfigured with a line per fault; called at the end of every settings module."""
        if self.faults:
            lines = "".join(f"\n  {name}: {message}" for name, message in self.faults.items())
            raise ImproperlyConfigured(f"Correct these environment variables, see docs/settings.md:{lines}")

    def keep_only(self, *names: str) -> None:
        """Clear all other variables of `.env.example` for this process and its children, also in `.env`."""
        example = (BASE_DIR / ".env.example").read_text(encoding="utf-8")
        for name in re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", example, flags=re.MULTILINE):
            for source in {name, f"{name}_FILE"} - {*names}:
                os.environ.pop(source, None)
                if source in self.repository.data:
                    # In child processes, an empty variable overrides the line of `.env`.
                    os.environ[source] = ""
        self.repository.data = {name: self.repository.data.get(name, "") for name in names}


def _contents(file: str) -> str:
    try:
        return file and (BASE_DIR / file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"must name a text file that can be read ({type(error).__name__})") from None


env = Environment(DotEnv(BASE_DIR / ".env"))
