"""Flower shows no personal data."""

from types import SimpleNamespace
from typing import Any

from config import flower


def shown(**values: Any) -> dict[str, Any]:
    empty = {"args": None, "kwargs": None, "result": None, "exception": None, "traceback": None}
    return dict(vars(flower.format_task(SimpleNamespace(**empty | values))))


def test_flower_hides_arguments_and_results() -> None:
    task = shown(args="('ann',)", kwargs="{'name': 'ann'}", result="ann")
    assert set(task.values()) == {None}


def test_flower_redacts_errors() -> None:
    error = "OSError: ann@example.com: refused at https://example.com/?token=t"
    task = shown(exception=error, traceback=f"File x.py\n{error}")
    redacted = "OSError: [redacted]: refused at https://example.com/?[redacted]"
    assert task["exception"] == redacted
    assert task["traceback"] == f"File x.py\n{redacted}"


def test_flower_is_read_only() -> None:
    assert flower.read_only is True
