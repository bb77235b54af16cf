from types import SimpleNamespace

from config import flower


def test_flower_hides_results_and_redacts_errors() -> None:
    error = "OSError: ann@example.com: refused at https://example.com/?token=t"
    task = flower.format_task(SimpleNamespace(result="ann", exception=error, traceback=f"File x.py\n{error}"))
    shown = "OSError: [redacted]: refused at https://example.com/?[redacted]"
    assert vars(task) == {"result": None, "exception": shown, "traceback": f"File x.py\n{shown}"}


def test_flower_keeps_tasks_without_error() -> None:
    task = flower.format_task(SimpleNamespace(result=None, exception=None, traceback=None))
    assert (task.exception, task.traceback) == (None, None)


def test_flower_is_read_only() -> None:
    assert flower.read_only is True
