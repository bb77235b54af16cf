"""Project metadata from `pyproject.toml`."""

import tomllib

from config.env import BASE_DIR

_pyproject = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))

NAME: str = _pyproject["tool"]["project"]["name"]
TITLE: str = _pyproject["tool"]["project"]["title"]
DESCRIPTION: str = _pyproject["project"]["description"]
VERSION: str = _pyproject["project"]["version"]
