"""API clients that the project generates, used on the running project."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from baking import ROOT, TREE, bare_environment, run
from servers import CREATE_USER, PHRASE, Program, eventually, free_port, listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EMAIL = "ada@example.com"
NEWMAN = "newman@6.2.2"
# npm packages with their versions, as in `typescript@6.0.3`.
PACKAGE = re.compile(r"[\w@/-]+@[\d.]+")


def package(name: str) -> str:
    """Return an npm package with the version that the Makefile of the project uses."""
    makefile = (ROOT / TREE / "Makefile").read_text(encoding="utf-8")
    return next(found[0] for found in PACKAGE.finditer(makefile) if found[0].startswith(f"{name}@"))


def typescript() -> list[str]:
    """Return the options of npx for the compiler; the same packages as in `make client-ts`, which npx has cached."""
    return ["--yes", "--package", package("typescript"), "--package", package("@hey-api/openapi-ts")]


class Site:
    """Running development server, and a folder with the project in which clients are generated."""

    def __init__(self, project: Path, url: str, env: dict[str, str]) -> None:
        self.project = project
        self.env = env | {"URL": url, "EMAIL": EMAIL, "PASSWORD": PHRASE}
        self.url = url

    def run(self, *command: str | Path, cwd: str = ".") -> str:
        return run(*command, cwd=self.project / cwd, env=self.env)


@pytest.fixture(scope="module")
def site(everything: Path, tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("clients")
    project = folder / "my_api"
    shutil.copytree(everything, project, ignore=shutil.ignore_patterns(".venv"))
    (project / ".venv").symlink_to(everything / ".venv")
    variables = {"DJANGO_SETTINGS_MODULE": "config.settings.development", "SECRET_KEY": "not-a-secret-" * 5}
    env = environment | variables | {"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"}
    binaries, port = project / ".venv" / "bin", free_port()
    run(binaries / "python", "manage.py", "migrate", "--verbosity", "0", cwd=project, env=env)
    run(binaries / "python", "manage.py", "shell", "-c", CREATE_USER, cwd=project, env=env)
    command = (binaries / "uvicorn", "config.asgi:application", "--port", str(port), "--lifespan", "off")
    with Program(*command, cwd=project, env=env, log=folder / "web.log"):
        eventually(lambda: listens(port))
        yield Site(project, f"http://127.0.0.1:{port}", env)


@pytest.fixture(scope="module")
def npx() -> str:
    """Return the path of npx, if it can install packages."""
    found = shutil.which("npx")
    if found is None:
        pytest.skip("npx is not installed")
    command = [found, *typescript(), "tsc", "--version"]
    installed = subprocess.run(command, env=bare_environment(), check=False, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"npm cannot install packages: {installed.stderr.strip()[-500:]}")
    return found


@pytest.mark.services
def test_python_client_is_installable_and_logs_in(site: Site) -> None:
    site.run("make", "client")
    script = ROOT / "tests" / "clients" / "use_client.py"
    printed = site.run("uv", "run", "--quiet", "--no-project", "--with", site.project / "client", script)
    assert printed.split() == [EMAIL, "urn:problem:token_not_valid"]


@pytest.mark.services
def test_typescript_client_is_valid_and_logs_in(site: Site, npx: str) -> None:
    site.run("make", "client-ts")
    shutil.copy2(ROOT / "tests" / "clients" / "use.ts", site.project)
    options = "--strict --target es2022 --module commonjs --moduleResolution node10 --ignoreDeprecations 6.0"
    site.run(npx, *typescript(), "tsc", *options.split(), "--outDir", "js", "use.ts")
    assert site.run("node", "js/use.js").split() == [EMAIL, "urn:problem:not_authenticated"]


@pytest.mark.services
def test_clients_that_need_node_name_it_if_it_is_missing(site: Site, tmp_path: Path) -> None:
    (tmp_path / "npx").write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    (tmp_path / "npx").chmod(0o755)
    env = site.env | {"PATH": f"{tmp_path}:{site.env['PATH']}"}
    for target in ("bruno", "client-ts", "postman"):
        result = subprocess.run(
            ["make", target], cwd=site.project, env=env, check=False, capture_output=True, text=True
        )
        assert result.returncode != 0
        assert "Install Node.js" in result.stderr


# Weekly, because it installs hundreds of packages.
@pytest.mark.dependencies
def test_bruno_collection_logs_in(site: Site, npx: str) -> None:
    site.run("make", "bruno")
    variables = {"baseUrl": site.url, "email": EMAIL, "password": PHRASE}
    given = [part for name, value in variables.items() for part in ("--env-var", f"{name}={value}")]
    requests = ["users/Retrieve the current user.yml", "auth/Active sessions of the user.yml"]
    command = [npx, "--yes", package("@usebruno/cli"), "run", *requests, "--env", "development", *given]
    site.run(*command, "--reporter-json", "report.json", cwd="bruno")
    report: list[dict[str, Any]] = json.loads((site.project / "bruno" / "report.json").read_text(encoding="utf-8"))
    assert [result["response"]["status"] for result in report[0]["results"]] == [200, 200]


@pytest.mark.dependencies  # as above
def test_postman_collection_logs_in(site: Site, npx: str) -> None:
    site.run("make", "postman")
    variables = {"baseUrl": site.url, "email": EMAIL, "password": PHRASE}
    given = [part for name, value in variables.items() for part in ("--env-var", f"{name}={value}")]
    names = ("Retrieve the current user", "Count unread notifications")
    folders = [part for name in names for part in ("--folder", name)]
    command = [npx, "--yes", NEWMAN, "run", "postman.json", "-e", "docs/api-clients/postman-environment.json"]
    site.run(*command, *folders, *given, "--reporters", "json", "--reporter-json-export", "report.json")
    report: dict[str, Any] = json.loads((site.project / "report.json").read_text(encoding="utf-8"))
    codes = [(one["item"]["name"], one["response"]["code"]) for one in report["run"]["executions"]]
    # It also lists the login of the script.
    assert set(codes) == {(name, 200) for name in names}
