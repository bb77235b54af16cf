"""`make verify` against small servers on loopback, with and without TLS."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from baking import ROOT, TREE, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = {
    "Content-Security-Policy": "default-src 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
    "Referrer-Policy": "same-origin",
    "Server": "gunicorn",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Request-ID": "0b8ed1c2",
}
PROBLEM = {"Content-Type": "application/problem+json"}
COOKIE = {"Set-Cookie": "__Host-csrftoken=x; HttpOnly; Path=/; SameSite=Lax; Secure"}
# Status and further headers by path; other paths are 404.
ROUTES: dict[str, tuple[int, dict[str, str]]] = {
    "/health/live/": (200, {}),
    "/api/docs/": (200, {}),
    "/api/v1/": (200, {}),
    "/manage/login/": (200, COOKIE),
}
EVERY = {
    "live",
    "ready",
    "docs",
    "problem",
    "request-id",
    "headers",
    "cors",
    "tls",
    "hsts",
    "redirect",
    "admin",
    "cookies",
}


class Server(ThreadingHTTPServer):
    """Server that responds by a table, and records the paths."""

    routes: dict[str, tuple[int, dict[str, str]]]
    headers: dict[str, str]
    paths: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        status, headers = self.server.routes.get(self.path, (404, PROBLEM))
        self.send_response_only(status)
        for name, value in (self.server.headers | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


@contextmanager
def served(
    certificate: Path | None = None,
    routes: dict[str, tuple[int, dict[str, str]]] | None = None,
    headers: dict[str, str] | None = None,
) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.routes, server.headers, server.paths = ROUTES | (routes or {}), GOOD | (headers or {}), []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def issue(place: Path, days: int) -> Path:
    """Write a certificate for localhost, with its key."""
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    files = ("-keyout", place / "key.pem", "-out", place / "cert.pem")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), *subject, *files, cwd=place)
    both = place / f"{days}.pem"
    both.write_text((place / "key.pem").read_text() + (place / "cert.pem").read_text())
    return both


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    return issue(tmp_path_factory.mktemp("certificate"), 30)


@pytest.fixture
def redirecting() -> Iterator[Server]:
    """Yield a server without TLS that redirects to https."""
    with served(routes={"/api/docs/": (308, {"Location": "https://localhost/api/docs/"})}) as server:
        yield server


def verify(url: str, *options: str, ca: Path | None = None) -> tuple[int, dict[str, Any], str]:
    """Return the exit status, the results and the errors."""
    env = os.environ | ({"SSL_CERT_FILE": str(ca)} if ca else {})
    command = [sys.executable, str(ROOT / TREE / "tools" / "verify.py"), "--json", *options, "--", url]
    process = subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=60)
    return process.returncode, json.loads(process.stdout) if process.stdout else {}, process.stderr


def statuses(results: dict[str, Any]) -> dict[str, str]:
    return {row["check"]: row["status"] for row in results["checks"]}


def test_verify_passes_for_a_safe_server(certificate: Path, redirecting: Server) -> None:
    with served(certificate) as server:
        url = f"https://localhost:{server.server_port}"
        options = ("--admin", "/manage/", "--http-port", str(redirecting.server_port))
        status, results, errors = verify(url, *options, ca=certificate)
    assert statuses(results) == dict.fromkeys(EVERY, "passed")
    assert (status, errors, results["url"]) == (0, "", url)
    evidence = {row["check"]: row["evidence"] for row in results["checks"]}
    assert "expires in 30 days" in evidence["tls"]
    assert len(server.paths) + len(redirecting.paths) <= 8


FAULTS: dict[str, tuple[dict[str, tuple[int, dict[str, str]]], dict[str, str]]] = {
    "live": ({"/health/live/": (503, {})}, {}),
    "ready": ({"/health/ready/": (200, {})}, {}),
    "docs": ({"/api/docs/": (500, {})}, {}),
    "problem": ({"/api/v1/does-not-exist/": (404, {"Content-Type": "text/html"})}, {}),
    "request-id": ({}, {"X-Request-ID": ""}),
    "headers": ({}, {"Server": "nginx/1.29.1"}),
    "cors": ({}, {"Access-Control-Allow-Origin": "*"}),
    "hsts": ({}, {"Strict-Transport-Security": "max-age=3600"}),
    "admin": ({"/admin/login/": (200, {})}, {}),
    "cookies": ({"/manage/login/": (200, {"Set-Cookie": "csrftoken=x; HttpOnly; SameSite=Lax"})}, {}),
}


@pytest.mark.parametrize("check", FAULTS)
def test_verify_fails_for_each_fault(certificate: Path, redirecting: Server, check: str) -> None:
    routes, headers = FAULTS[check]
    with served(certificate, routes, headers) as server:
        options = ("--admin", "manage/", "--http-port", str(redirecting.server_port))
        status, results, _ = verify(f"https://localhost:{server.server_port}", *options, ca=certificate)
    assert {name for name, result in statuses(results).items() if result != "passed"} == {check}
    assert status == 1


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_verify_fails_without_a_redirect_and_for_a_short_certificate(tmp_path: Path) -> None:
    short = issue(tmp_path, 3)
    with served(short) as server, served() as plain:
        options = ("--http-port", str(plain.server_port))
        status, results, _ = verify(f"https://localhost:{server.server_port}", *options, ca=short)
    assert {name for name, result in statuses(results).items() if result == "failed"} == {"tls", "redirect"}
    assert statuses(results)["cookies"] == "skipped"
    assert status == 1


def test_verify_fails_for_an_unknown_authority(certificate: Path) -> None:
    with served(certificate) as server:
        status, results, _ = verify(f"https://localhost:{server.server_port}")
    assert status == 1
    assert results["checks"] == [{"check": "tls", "status": "failed", "evidence": "self-signed certificate"}]


def test_verify_skips_what_a_local_server_does_not_have() -> None:
    insecure = {"Set-Cookie": "csrftoken=x; HttpOnly; SameSite=Lax"}
    routes = {"/health/ready/": (200, {}), "/admin/login/": (200, insecure)}
    with served(routes=routes, headers={"Strict-Transport-Security": "", "Server": "WSGIServer/0.2"}) as server:
        status, results, _ = verify(f"http://127.0.0.1:{server.server_port}/")
    assert {name for name, result in statuses(results).items() if result == "skipped"} == {"ready", "tls", "admin"}
    assert status == 0


BAD_URLS = {
    "http://127.0.0.1:1": "refused",
    "https://does-not-exist.invalid": "",
    "localhost:8000": "write a scheme and a host",
    "ftp://localhost": "write a scheme and a host",
    "https://user:password@localhost": "write a scheme and a host",
    "https://localhost/api/": "write a scheme and a host",
    "https://": "write a scheme and a host",
    "http://localhost:port": "Port could not be cast",
    "http://[::1": "Invalid IPv6 URL",
    "http://lo calhost": "control characters",
}


@pytest.mark.parametrize("url", BAD_URLS)
def test_verify_names_a_url_that_cannot_be_used(url: str) -> None:
    status, results, errors = verify(url)
    assert status == 2
    assert errors.startswith(f"{url}: ")
    assert BAD_URLS[url] in errors
    assert results["error"] == errors.strip()


def test_verify_does_not_wait_for_a_silent_server() -> None:
    with served(routes={}) as server:
        server.shutdown()  # accepts connections, and does not respond
        status, _, errors = verify(f"http://127.0.0.1:{server.server_port}", "--timeout", "0.2")
    assert status == 2
    assert "timed out" in errors
