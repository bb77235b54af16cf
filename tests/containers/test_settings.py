"""Settings of `.env` in a stack: password of Flower, secrets in files, larger uploads."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from baking import run
from servers import eventually
from stack import PASSWORD, SECRETS

if TYPE_CHECKING:
    import requests
    from stack import Stack

pytestmark = pytest.mark.containers
# Hash commands from docs/compose.md.
HASH = {
    "caddy": ["docker", "run", "--rm", "caddy:2", "caddy", "hash-password", "--plaintext", PASSWORD],
    "nginx": ["openssl", "passwd", "-6", PASSWORD],
}
LARGEST = 20 * 2**20


@pytest.fixture(scope="module")
def changed(running: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """Return the stack with other settings."""
    folder = tmp_path_factory.mktemp("secrets")
    files: dict[str, str] = {}
    for name, value in SECRETS.items():
        file = folder / name.lower()
        file.write_text(value.strip("'"), encoding="utf-8")
        file.chmod(0o444)
        files |= {name: "", f"{name}_FILE": str(file)}
    hashed = run(*HASH[running.proxy], cwd=running.project).strip()
    running.write_env(FILE_MAX_BYTES=str(LARGEST), FLOWER_PASSWORD_HASH=f"'{hashed}'", **files)
    running.make("up-production")
    return running


def test_flower_requires_password_and_shows_tasks(changed: Stack) -> None:
    def flower(path: str = "", password: str = PASSWORD) -> requests.Response:
        return changed.ask("GET", f"/flower/{path}", auth=("flower", password))

    for refused in (changed.ask("GET", "/flower/"), changed.ask("GET", "/flower/healthcheck"), flower(password="x")):  # noqa: S106
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")
        assert refused.json()["type"] == "about:blank"
    assert "Flower" in flower().text
    assert flower("static/css/flower.css").ok
    queues = {"bulk", "critical", "default"}
    eventually(lambda: queues <= set(re.findall(r"<td>(\w+)</td>", flower("broker").text)), every=1)
    # Flower is read-only: workers cannot be shut down.
    assert changed.ask("POST", "/flower/api/worker/shutdown/x", auth=("flower", PASSWORD)).status_code in {401, 403}
    table = "tasks/datatable?draw=1&start=0&length=9&order[0][column]=0&columns[0][data]=name&order[0][dir]=asc"

    def seen() -> bool:
        # Workers send events only after Flower has enabled them.
        account = {"email": "seen@example.com", "password": PASSWORD}
        assert changed.ask("POST", "/api/v1/auth/register/", json=account).ok
        return "mail_deliver" in flower(table).text

    eventually(seen, every=2)
    assert "seen@example.com" not in flower(table).text
    # The password of Flower does not authenticate API requests.
    assert changed.ask("GET", "/api/v1/users/me/", auth=("flower", PASSWORD)).status_code == 401


def test_flower_rate_limits_requests_per_ip_address(changed: Stack) -> None:
    if changed.proxy == "caddy":
        pytest.skip("Caddy has no limit for requests: its hash is cheap instead")

    def guess(number: int) -> int:
        return changed.ask("GET", "/flower/", auth=("flower", str(number))).status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(guess, range(200))) == {401, 429}
    # Requests to other paths are not limited.
    assert changed.ask("GET", "/health/live/").ok


def test_secrets_are_read_from_files_and_not_in_environment(changed: Stack) -> None:
    changed.log_in("secrets@example.com")
    assert changed.ready()
    for service in changed.compose("config", "--services").split():
        for container in changed.containers(service):
            variables = str(changed.inspect(container)["Config"]["Env"])
            assert [name for name, value in SECRETS.items() if value.strip("'") in variables] == [], service


def test_proxy_accepts_largest_upload(changed: Stack) -> None:
    upload = {"file": ("large.txt", b"x" * LARGEST, "text/plain")}
    answer = changed.ask("POST", "/api/v1/files/", headers=changed.log_in("large@example.com"), files=upload)
    assert answer.status_code == 201, answer.text
    assert changed.begin_body(LARGEST + 2**20 + 1) == (413, "about:blank")
