"""Production stack, built and started as in docs/compose.md, with requests through its proxy."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
import requests
from baking import run
from servers import eventually
from stack import HOST, PASSWORD, PYTHON, with_one_proxy

if TYPE_CHECKING:
    from pathlib import Path

    from stack import Stack

pytestmark = pytest.mark.containers
REQUEST_ID = "a-request-id.of-the-client"
# Sends half of a request, waits for a line, sends the rest, and prints the status line.
HALF_A_REQUEST = """
import socket, sys
body = b'{"email": "ann@example.com", "password": "wrong"}'
head = b"POST /api/v1/auth/token/ HTTP/1.1\\r\\nHost: localhost\\r\\nX-Forwarded-Proto: https\\r\\n"
head += b"Content-Type: application/json\\r\\nConnection: close\\r\\nExpect: 100-continue\\r\\n"
head += b"Content-Length: %d\\r\\n\\r\\n" % len(body)
with socket.create_connection((sys.argv[1], 8000)) as web:
    web.sendall(head)
    web.recv(100)
    web.sendall(body[:10])
    print("half", flush=True)
    sys.stdin.readline()
    web.sendall(body[10:])
    print(web.makefile().readline(), flush=True)
"""


def test_account_lifecycle(stack: Stack) -> None:
    account = {"email": "ann@example.com", "password": PASSWORD}
    assert stack.ask("POST", "/api/v1/auth/register/", json=account).status_code == 202
    mail = r"(?s)To: ann@example\.com\n.*?verify-email\?token=([\w.-]+)"
    token = eventually(lambda: re.findall(mail, stack.mails()))[0]
    proof = {"token": token, "password": PASSWORD}
    assert stack.ask("POST", "/api/v1/auth/verify-email/", json=proof).status_code == 204
    pair = stack.ask("POST", "/api/v1/auth/token/", json=account).json()
    headers = {"Authorization": f"Bearer {pair['access']}"}
    assert stack.ask("PATCH", "/api/v1/users/me/", headers=headers, json={"last_name": "Lee"}).ok
    assert stack.ask("GET", "/api/v1/users/me/", headers=headers).json()["last_name"] == "Lee"
    assert stack.ask("DELETE", "/api/v1/users/me/", headers=headers).status_code == 204
    assert stack.ask("POST", "/api/v1/auth/token/", json=account).status_code == 401


def test_file_is_private_and_served_by_link(stack: Stack) -> None:
    headers = stack.log_in("files@example.com")
    content = b"x" * 10 * 2**20  # the maximum file size
    upload = {"file": ("large.txt", content, "text/plain")}
    answer = stack.ask("POST", "/api/v1/files/", headers=headers, files=upload)
    assert answer.status_code == 201, answer.text
    file = f"/api/v1/files/{answer.json()['id']}/"
    assert stack.ask("GET", file).status_code == 401
    url = stack.ask("POST", f"{file}link/", headers=headers).json()["url"]
    assert url.startswith(f"{stack.url}/")
    link = url.removeprefix(stack.url)
    downloaded = stack.ask("GET", link)
    assert (downloaded.status_code, downloaded.content) == (200, content)
    assert downloaded.headers["Content-Disposition"] == 'attachment; filename="large.txt"'
    assert stack.ask("GET", f"{link}x").status_code == 403
    # The folder is not served either.
    (kept,) = stack.compose("exec", "-T", "web", "find", "/media", "-type", "f", "-size", "+9M").split()
    assert stack.ask("GET", kept).status_code == 404


def test_services_are_healthy(stack: Stack) -> None:
    services = set(stack.compose("config", "--services").split()) - {"migrate"}
    assert services == {"beat", "db", "flower", "proxy", "redis", "web", "worker"}
    assert {service for service in services if not stack.healthy(service)} == set()
    assert stack.ready()


def test_readiness_is_not_public(stack: Stack) -> None:
    for path in (
        "/health/ready/",
        "//health/ready/",
        "/health//ready/",
        "/health/%72eady/",
        "/health/ready/?only=cache",
    ):
        assert stack.ask("GET", path).status_code == 404, path
    assert stack.ask("GET", "/health/live/").ok


def test_other_hosts_are_rejected(stack: Stack) -> None:
    request = b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    with socket.create_connection((HOST, stack.http_port), timeout=30) as plain:
        plain.sendall(request)
        assert plain.recv(100) == b""
    with stack.connection() as secure:
        secure.sendall(request)
        answer = secure.makefile("rb").readline()
    # Over TLS, nginx accepts any host name (a certificate may have several); the application rejects it.
    assert answer in {b"", b"HTTP/1.1 400 Bad Request\r\n"}


def test_redis_requires_its_password(stack: Stack) -> None:
    assert "NOAUTH" in stack.compose("exec", "-T", "redis", "redis-cli", "keys", "*")
    ask = 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli keys "*"'
    assert "my_api" in stack.compose("exec", "-T", "redis", "sh", "-c", ask)


def test_only_proxy_ports_are_published(stack: Stack) -> None:
    published = {
        service
        for service in stack.compose("config", "--services").split()
        for container in stack.containers(service)
        if any(stack.inspect(container)["NetworkSettings"]["Ports"].values())
    }
    assert published == {"proxy"}


def test_services_restart_and_have_resource_limits(stack: Stack) -> None:
    for service in set(stack.compose("config", "--services").split()) - {"migrate"}:
        host = stack.inspect(stack.containers(service)[0])["HostConfig"]
        assert host["RestartPolicy"]["Name"] == "always", service
        assert host["Memory"], service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert {"max-file", "max-size"} <= host["LogConfig"]["Config"].keys(), service


def test_application_containers_are_read_only_and_unprivileged(stack: Stack) -> None:
    for service in set(stack.compose("config", "--services").split()) - {"db", "migrate", "proxy", "redis"}:
        found = stack.inspect(stack.containers(service)[0])
        assert found["Config"]["User"] == "10001:10001", service
        assert found["HostConfig"]["ReadonlyRootfs"], service
        assert found["HostConfig"]["CapDrop"] == ["ALL"], service
        assert "no-new-privileges:true" in found["HostConfig"]["SecurityOpt"], service
    # `-type` matches the file below a mount point, `test` the mounted one.
    find = "find / -xdev -writable -type f -exec test -f {} \\; -print 2>/dev/null | head"
    wrote = stack.compose("exec", "-T", "web", "sh", "-c", find)
    assert wrote == ""


def test_plain_http_is_redirected(stack: Stack) -> None:
    answer = requests.get(f"http://{HOST}:{stack.http_port}/api/docs/?x=1", timeout=10, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{HOST}/api/docs/?x=1")


def test_static_files_are_compressed_and_cached(stack: Stack) -> None:
    page = stack.ask("GET", "/api/docs/")
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert files
    for file in files:
        answer = stack.ask("GET", file, headers={"Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "max-age=315360000, public, immutable")
    scripts = [file for file in files if file.endswith(".js")]
    assert {
        stack.ask("HEAD", file, headers={"Accept-Encoding": "gzip"}).headers.get("Content-Encoding") for file in scripts
    } == {"gzip"}


def test_security_headers_are_sent_once(stack: Stack) -> None:
    answer = stack.ask("GET", "/api/v1/users/me/")
    assert answer.status_code == 401
    for name in ("Strict-Transport-Security", "X-Content-Type-Options", "Content-Security-Policy", "X-Frame-Options"):
        assert len(answer.raw.headers.getlist(name)) == 1, name
    assert "gunicorn" not in answer.headers.get("Server", "")


def test_request_id_is_kept_or_generated(stack: Stack) -> None:
    given = {"X-Request-ID": REQUEST_ID}
    for path in ("/api/v1/users/me/", "/.env"):
        assert stack.ask("GET", path, headers=given).headers["X-Request-ID"] == REQUEST_ID
        assert len(stack.ask("GET", path, headers={"X-Request-ID": '"><'}).headers["X-Request-ID"]) >= 32


@pytest.mark.parametrize("path", ["/.env", "/.git/config", "/static/.hidden", "/%2egit/config", "/x/..%2f.env"])
def test_hidden_files_are_rejected_by_proxy(stack: Stack, path: str) -> None:
    answer = stack.ask("GET", path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_forwarding_headers_of_clients_are_ignored(stack: Stack) -> None:
    account = {"email": "locked@example.com", "password": "wrong"}
    forged = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto"]
    statuses = [
        stack.ask(
            "POST", "/api/v1/auth/token/", json=account, headers=dict.fromkeys(forged, f"192.0.2.{number}")
        ).status_code
        for number in range(6)
    ]
    assert statuses == [401] * 4 + [429] * 2, "each attempt counts for the one client that they come from"


def test_oversized_body_is_rejected_by_proxy(stack: Stack) -> None:
    assert stack.begin_body(11 * 2**20 + 1) == (413, "about:blank")


def test_flower_is_not_reachable_without_password_setting(stack: Stack) -> None:
    for path in ("/flower", "/flower/", "//flower/", "/FLOWER/", "/flower/api/workers", "/flower/healthcheck"):
        answer = stack.ask("GET", path, headers={"Authorization": "Basic Zmxvd2VyOg=="})
        assert answer.status_code == 404, path
        assert "Flower" not in answer.text


def test_websocket_opens_through_proxy(stack: Stack) -> None:
    access = stack.log_in("socket@example.com")["Authorization"].removeprefix("Bearer ")
    upgrade = (
        f"GET /ws/v1/ HTTP/1.1\r\nHost: {HOST}:{stack.https_port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Protocol: events.v1, bearer.{access}\r\n\r\n"
    )
    with stack.connection() as secure:
        secure.sendall(upgrade.encode())
        answer = secure.recv(4096)
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        # A masked text frame (RFC 6455, section 5.2), the mask being zero.
        message = b'{"event": "ping"}'
        secure.sendall(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)
        received = b""
        while b"pong" not in received:
            received += secure.recv(4096)


def test_event_stream_is_not_buffered_by_proxy(stack: Stack) -> None:
    headers = stack.log_in("stream@example.com") | {"Accept": "text/event-stream"}
    with stack.ask("GET", "/api/v1/realtime/events/", headers=headers, stream=True) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        # Arrives while the response goes on.
        assert next(answer.iter_lines(chunk_size=1)).startswith(b"retry: ")


def test_logs_contain_no_personal_data(stack: Stack) -> None:
    told = {
        "Authorization": "Bearer s3cret",
        "Cookie": "sessionid=s3cret",
        "From": "somebody@example.com",
        "Referer": "https://www.example.com/?token=s3cret",
        "User-Agent": "s3cret",
        "X-Api-Key": "s3cret",
        "X-Forwarded-For": "192.0.2.77",
    }
    path = "/api/v1/users/?email=somebody@example.com&token=s3cret"
    assert stack.ask("GET", path, headers=told).status_code == 401
    # The proxy logs failed requests itself.
    stack.compose("stop", "web")
    assert stack.ask("GET", path, headers=told).status_code in {502, 503, 504}
    stack.compose("start", "web")
    eventually(lambda: stack.healthy("web"))
    with socket.create_connection((HOST, stack.http_port)) as plain:
        plain.sendall(b"GET /?token=s3cret HTTP/1.1\r\nHost: localhost\r\n\r\n")
        plain.recv(100)
    logs = stack.compose("logs", "--no-color")
    assert "s3cret" not in logs
    assert "somebody@example.com" not in logs
    assert "192.0.2.77" not in logs
    failed = [line for line in stack.compose("logs", "--no-color", "proxy").splitlines() if "/api/v1/users/" in line]
    assert failed, "the proxy says what failed"
    proxy = stack.inspect(stack.containers("proxy")[0])
    client = re.escape(proxy["NetworkSettings"]["Networks"][f"{stack.name}_front"]["Gateway"])
    assert not re.search(rf"(?<![\d.]){client}(?![\d.])", "\n".join(failed))


@with_one_proxy
def test_image_contains_no_build_tools_and_no_secrets(stack: Stack) -> None:
    image = json.loads(run("docker", "image", "inspect", stack.env["IMAGE"], cwd=stack.project))[0]
    assert image["Config"]["Labels"]["org.opencontainers.image.title"] == "my_api"
    assert not any("SECRET" in variable or "PASSWORD" in variable for variable in image["Config"]["Env"])
    look = "command -v gcc cc make uv git curl; ls -A; ls apps/core; true"
    listed = stack.compose("exec", "-T", "web", "sh", "-c", look)
    assert set(listed.split()) & {"gcc", "uv", "/usr/bin/make", ".env", ".git", "tests", "docs"} == set()
    assert "__pycache__" in listed


@with_one_proxy
def test_stopped_server_finishes_running_request(stack: Stack) -> None:
    container = stack.containers("web")[0]
    address = stack.inspect(container)["NetworkSettings"]["Networks"][f"{stack.name}_front"]["IPAddress"]
    network = ["--network", f"{stack.name}_front"]
    client = subprocess.Popen(
        ["docker", "run", "--rm", "-i", *network, PYTHON, "python", "-c", HALF_A_REQUEST, address],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert client.stdout is not None
    assert client.stdout.readline() == "half\n"
    run("docker", "kill", "--signal", "TERM", container, cwd=stack.project)
    eventually(lambda: "Handling signal: term" in run_logs(stack, container))
    out, _ = client.communicate("go on\n", timeout=60)
    assert "HTTP/1.1 401" in out
    eventually(lambda: not stack.inspect(container)["State"]["Running"])
    assert stack.inspect(container)["State"]["ExitCode"] == 0
    stack.make("up-production")


def run_logs(stack: Stack, container: str) -> str:
    result = subprocess.run(
        ["docker", "logs", container], check=True, capture_output=True, text=True, cwd=stack.project
    )
    return result.stdout + result.stderr


def test_missing_variable_is_reported(stack: Stack, tmp_path: Path) -> None:
    files = [part for file in stack.files for part in ("--file", str(file))]
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY"):
        lines = [f"{key}={value}\n" for key, value in stack.settings.items() if key != name]
        (tmp_path / "env").write_text("".join(lines), encoding="utf-8")
        command = ["docker", "compose", "--env-file", str(tmp_path / "env"), *files, "config"]
        result = subprocess.run(command, cwd=stack.project, env=stack.env, check=False, capture_output=True, text=True)
        assert result.returncode != 0
        assert f"required variable {name} is missing a value: set it in .env" in result.stderr
