from types import SimpleNamespace

from config import flower


def test_flower_shows_neither_results_nor_who_an_error_names() -> None:
    error = "OSError: ann@example.com: refused at https://example.com/?token=t"
    task = flower.format_task(SimpleNamespace(result="ann", exception=error, traceback=f"File x.py\n{error}"))
    shown = "OSError: [redacted]: refused at https://example.com/?[redacted]"
    assert vars(task) == {"result": None, "exception": shown, "traceback": f"File x.py\n{shown}"}


def test_flower_leaves_what_has_not_failed_as_it_is() -> None:
    task = flower.format_task(SimpleNamespace(result=None, exception=None, traceback=None))
    assert (task.exception, task.traceback) == (None, None)


def test_flower_looks_on_only() -> None:
    assert flower.read_only is True
