"""Compare a generated project with a bare one that serves the same views, under gunicorn, on PostgreSQL.

Usage: `.venv/bin/python benchmarks/beside.py [rounds]`. The bare project is `startproject` with Django REST Framework
and Simple JWT. Both run in production with two workers of four threads, and requests alternate between them. The
script compares the CPU time (user and system) of all server processes, without rate limits and logs. Both projects
use the same environment, with the packages of the image.
"""

from __future__ import annotations

import http.client
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import psutil
from project import FOLDER, project
from start_up import bare_project

sys.path += [str(Path(__file__).resolve().parent.parent / folder) for folder in ("hooks", "tests")]

from baking import run
from servers import PostgreSQL, Web, production

ALIKE = FOLDER.parent.parent / "benchmarks" / "inside" / "alike.py"
CLIENTS = 4
REQUESTS = 50  # per client and round
WORKERS, THREADS = 2, 4
USERS = 100
LIMITS = ("THROTTLE_ANON", "THROTTLE_USER", "THROTTLE_AUTH", "THROTTLE_TOKEN")
# Name: path in the generated project, path in the bare one, maximum ratio.
PATHS = {
    "me, like for like": ("/api/v1/alike/me/", "/api/v1/alike/me/", 1.15),
    "list of 25, like for like": ("/api/v1/alike/users/", "/api/v1/alike/users/", 1.05),
    "own users/me/": ("/api/v1/users/me/", "/api/v1/alike/me/", 1.15),
    "own users/": ("/api/v1/users/", "/api/v1/alike/users/", 1.6),
}
START_TARGET = 1.4

OUR_SETTINGS = """
from datetime import timedelta
from config.settings.production import *
ROOT_URLCONF = "measured_urls"
SIMPLE_JWT = SIMPLE_JWT | {"ACCESS_TOKEN_LIFETIME": timedelta(days=1)}
"""
OUR_URLS = """
from config.urls import *
from config.urls import api_v1
from django.urls import include, path
api_v1.append(path("alike/", include("alike")))
"""
OUR_USERS = f"""
from apps.users.models import User
from apps.users.services.sessions import session_create
from django.contrib.auth.models import Group
groups = [Group.objects.create(name=name) for name in ("authors", "editors")]
for number in range({USERS}):
    user = User.objects.create(email=f"user{{number}}@example.com", password="!", first_name="Ada", last_name="King")
    user.groups.set(groups[: number % 3])
print(session_create(user=User.objects.create_superuser("admin@example.com")).access)
"""
BARE_SETTINGS = """
from datetime import timedelta
import os
import dj_database_url
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = os.environ["SECRET_KEY"]
DATABASES = {"default": dj_database_url.config(conn_max_age=60)}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SIMPLE_JWT = {"ACCESS_TOKEN_LIFETIME": timedelta(days=1)}
"""
BARE_URLS = """
from django.contrib import admin
from django.urls import include, path
urlpatterns = [path("admin/", admin.site.urls), path("api/v1/alike/", include("alike"))]
"""
BARE_USERS = f"""
from django.contrib.auth.models import User
from rest_framework_simplejwt.tokens import AccessToken
for number in range({USERS}):
    name = f"user{{number}}"
    User.objects.create(username=name, email=name + "@example.com", password="!", first_name="Ada", last_name="King")
print(AccessToken.for_user(User.objects.create_superuser("admin", "admin@example.com")))
"""
START = "import django; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns"


class Server(NamedTuple):
    """Running server of a project."""

    web: Web
    token: str
    python: Path

    def processor_seconds(self) -> float:
        """Return the CPU time of all server processes."""
        times = [process.cpu_times() for process in self.processes()]
        return sum(each.user + each.system for each in times)

    def processes(self) -> list[psutil.Process]:
        """Return the main process and its workers."""
        main = psutil.Process(self.web.pid)
        return [main, *main.children(recursive=True)]

    def milliseconds(self, path: str) -> float:
        """Return the mean CPU time per request with several concurrent clients."""
        before = self.processor_seconds()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self.ask, [path] * CLIENTS))
        return (self.processor_seconds() - before) * 1000 / (CLIENTS * REQUESTS)

    def ask(self, path: str, requests: int = REQUESTS) -> None:
        """Send requests on one connection."""
        headers = {"Authorization": f"Bearer {self.token}", "X-Forwarded-Proto": "https"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=60)) as connection:
            for _ in range(requests):
                connection.request("GET", path, headers=headers)
                response = connection.getresponse()
                body = response.read()
                if response.status != http.HTTPStatus.OK:
                    raise RuntimeError(f"{path}: {response.status} {body!r}")

    def start(self) -> float:
        """Return the CPU milliseconds of a process that imports settings and URLs."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([self.python, "-c", START], cwd=self.web.cwd, env=self.web.env, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000

    def memory(self) -> tuple[float, float]:
        """Return the mean resident and private memory of a worker in MiB."""
        infos = [worker.memory_full_info() for worker in self.processes()[1:]]
        rss, private = ([getattr(info, name) / 2**20 for info in infos] for name in ("rss", "uss"))
        return statistics.mean(rss), statistics.mean(private)


def serve_ours(stack: ExitStack, place: Path, database: str) -> Server:
    """Generate the default project, add the compared views, and serve it."""
    folder = project()
    (folder / "alike.py").write_bytes(ALIKE.read_bytes())
    (folder / "measured_urls.py").write_text(OUR_URLS, encoding="utf-8")
    (folder / "config" / "settings" / "measured.py").write_text(OUR_SETTINGS, encoding="utf-8")
    env = production(
        folder,
        CELERY_BROKER_URL="memory://",
        DATABASE_URL=database,
        WEB_MAX_REQUESTS="0",
        WEB_THREADS=str(THREADS),
        **dict.fromkeys(LIMITS, "none"),
    )
    env["DJANGO_SETTINGS_MODULE"] = "config.settings.measured"
    python = environment(folder)
    token = run(python, "manage.py", "shell", "--no-imports", "-c", OUR_USERS, cwd=folder, env=env).split()[-1]
    web = Web(folder, place, env, workers=WORKERS)
    web.command, web.log = [str(python.parent / "gunicorn")], Path(os.devnull)
    return Server(stack.enter_context(web), token, python)


def environment(folder: Path) -> Path:
    """Install the packages of the image and return the path of the Python interpreter."""
    target = FOLDER / "production"
    uv = shutil.which("uv") or folder / ".venv" / "bin" / "uv"
    command = [uv, "sync", "--quiet", "--no-default-groups", "--group", "production"]
    command += ["--python", folder / ".venv" / "bin" / "python"]
    subprocess.run(command, cwd=folder, env=os.environ | {"UV_PROJECT_ENVIRONMENT": str(target)}, check=True)
    return target / "bin" / "python"


def serve_bare(stack: ExitStack, place: Path, python: Path, env: dict[str, str]) -> Server:
    """Create the bare project and serve it."""
    folder = bare_project(str(python))
    (folder / "alike.py").write_bytes(ALIKE.read_bytes())
    (folder / "bare" / "urls.py").write_text(BARE_URLS, encoding="utf-8")
    with (folder / "bare" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write(BARE_SETTINGS)
    run(python, "manage.py", "migrate", "--verbosity", "0", cwd=folder, env=env)
    token = run(python, "manage.py", "shell", "--no-imports", "-c", BARE_USERS, cwd=folder, env=env).split()[-1]
    web = Web(folder, place, env)
    options = f"--preload --workers {WORKERS} --threads {THREADS} --keep-alive 125 --bind 127.0.0.1:{web.port}"
    web.command, web.log = [str(python.parent / "gunicorn"), *options.split(), "bare.wsgi"], Path(os.devnull)
    return Server(stack.enter_context(web), token, python)


def report(name: str, pairs: list[tuple[float, float]], target: float) -> bool:
    """Print the medians, the quartiles of the pairwise ratios, and the target; return whether it is met."""
    low, ratio, high = statistics.quantiles((ours / bare for ours, bare in pairs), n=4)
    ours, bare = (statistics.median(values) for values in zip(*pairs, strict=True))
    print(f"{name:<26}{ours:>9.2f}{bare:>9.2f}{ratio:>8.2f}   {low:.2f}-{high:.2f}   at most {target}")
    return ratio <= target


def main(rounds: int) -> int:
    """Print the table; return 0 if all targets are met."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgresql = stack.enter_context(PostgreSQL())
        ours = serve_ours(stack, place, postgresql.create_database("ours"))
        env = ours.web.env | {
            "DATABASE_URL": postgresql.create_database("bare"),
            "DJANGO_SETTINGS_MODULE": "bare.settings",
        }
        bare = serve_bare(stack, place, ours.python, env)
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in [*PATHS, "start with URLs"]}
        for _ in range(rounds + 1):
            for name, (our_path, bare_path, _target) in PATHS.items():
                times[name].append((ours.milliseconds(our_path), bare.milliseconds(bare_path)))
            times["start with URLs"].append((ours.start(), bare.start()))
        print(f"{'processor ms':<26}{'ours':>9}{'bare':>9}{'ratio':>8}   quartiles   target")
        targets = {name: target for name, (_, _, target) in PATHS.items()} | {"start with URLs": START_TARGET}
        # The first round warms caches.
        met = [report(name, pairs[1:], targets[name]) for name, pairs in times.items()]
        for name, our_size, bare_size in zip(("RSS", "private"), ours.memory(), bare.memory(), strict=True):
            print(f"{f'worker {name}, MiB':<26}{our_size:>9.1f}{bare_size:>9.1f}{our_size / bare_size:>8.2f}")
        print(f"{rounds} rounds in turn, of {CLIENTS * REQUESTS} requests each")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 11))
