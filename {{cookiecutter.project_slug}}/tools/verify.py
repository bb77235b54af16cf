"""Check a deployed API from outside by a few GET requests: `make verify URL=https://api.example.com`.

`python3 tools/verify.py URL` needs no other package. docs/doctor.md describes the checks.
"""

from __future__ import annotations

import argparse
import json
import re
import ssl
import sys
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    # Name, evidence, and whether it passed, or None if it was skipped.
    Check = tuple[str, str, bool | None]

MIN_HSTS_SECONDS = 15_552_000
MIN_CERTIFICATE_DAYS = 14
LOOPBACK = re.compile(r"localhost|.+\.localhost|127\.[\d.]+|::1")
FOREIGN_ORIGIN = "https://foreign.example"
CLOSED = {401, 403, 404, 410}
HEADERS = {
    "Content-Security-Policy": "default-src",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ".",
    "Referrer-Policy": "no-referrer|same-origin|strict-origin",
    "Server": r"^\D*$",
    "X-Content-Type-Options": "^nosniff$",
    "X-Frame-Options": "^(DENY|SAMEORIGIN)$",
}


class Site:
    """The API. Redirects are not followed, and every request has its own connection."""

    def __init__(self, url: str, *, admin: str, http_port: int, timeout: float) -> None:
        parts = urlsplit(url)
        unused = parts.path.strip("/") or parts.query or "@" in parts.netloc
        if parts.scheme not in {"http", "https"} or not parts.hostname or unused:
            raise ValueError("write a scheme and a host, such as https://api.example.com")
        self.is_tls, self.host, self.port = parts.scheme == "https", parts.hostname, parts.port
        # A server on this machine has neither TLS nor a proxy.
        self.is_local = not self.is_tls and bool(LOOPBACK.fullmatch(self.host))
        self.http_port = http_port or (80 if self.port in {None, 443} else 0)
        self.admin, self.timeout = admin.strip("/"), timeout
        self.tls = ("", 0.0)

    def get(self, path: str, *, plain: bool = False, **headers: str) -> HTTPResponse:
        """Return a response, whose body is not read."""
        connection = HTTPConnection(self.host, self.http_port if plain else self.port, timeout=self.timeout)
        if self.is_tls and not plain:
            context = ssl.create_default_context()
            connection = HTTPSConnection(self.host, self.port, timeout=self.timeout, context=context)
        try:
            connection.connect()
            if isinstance(connection.sock, ssl.SSLSocket):
                expiry = ssl.cert_time_to_seconds(str((connection.sock.getpeercert() or {})["notAfter"]))
                self.tls = (str(connection.sock.version()), (expiry - time.time()) / 86_400)
            connection.request("GET", path, headers={"User-Agent": "verify"} | headers)
            return connection.getresponse()
        finally:
            connection.close()


def checks(site: Site) -> Iterator[Check]:
    live = site.get("/health/live/").status
    yield "live", f"/health/live/ {live}", live == 200
    ready = site.get("/health/ready/").status
    yield "ready", f"/health/ready/ {ready}", None if site.is_local else ready in CLOSED
    docs = site.get("/api/docs/").status
    yield "docs", f"/api/docs/ {docs}", docs in {200, *CLOSED}
    missing = site.get("/api/v1/does-not-exist/")
    kind = missing.getheader("Content-Type", "")
    yield "problem", f"{missing.status} {kind}", (missing.status, kind) == (404, "application/problem+json")
    root = site.get("/api/v1/", Origin=FOREIGN_ORIGIN)
    request_id = root.getheader("X-Request-ID", "")
    yield "request-id", f"X-Request-ID: {request_id}", bool(request_id)
    given = {name: root.getheader(name, "") for name in HEADERS if not (site.is_local and name == "Server")}
    wrong = [f"{name}: {value}" for name, value in given.items() if not re.search(HEADERS[name], value)]
    yield "headers", "; ".join(wrong) or ", ".join(given), not wrong
    origin = root.getheader("Access-Control-Allow-Origin", "")
    yield "cors", f"Access-Control-Allow-Origin: {origin}", origin not in {"*", FOREIGN_ORIGIN}
    yield from transport(site, root.getheader("Strict-Transport-Security", ""))
    yield from admin(site)


def transport(site: Site, hsts: str) -> Iterator[Check]:
    if not site.is_tls:
        yield "tls", "the URL begins with http://", None if site.is_local else False
        return
    version, days = site.tls
    yield "tls", f"{version}, the certificate expires in {days:.0f} days", days >= MIN_CERTIFICATE_DAYS
    seconds = re.search(r"max-age=(\d+)", hsts)
    yield "hsts", f"Strict-Transport-Security: {hsts}", bool(seconds and int(seconds[1]) >= MIN_HSTS_SECONDS)
    if not site.http_port:
        yield "redirect", "--http-port is not given", None
        return
    try:
        plain = site.get("/api/docs/", plain=True)
    except OSError as error:
        yield "redirect", f"port {site.http_port}: {error}", None
    else:
        target = plain.getheader("Location", "")
        yield (
            "redirect",
            f"{plain.status} {target}",
            plain.status in {301, 308} and target.startswith("https:"),
        )


def admin(site: Site) -> Iterator[Check]:
    default = site.get("/admin/login/").status
    yield "admin", f"/admin/login/ {default}", None if site.is_local else default in CLOSED
    page = site.get(f"/{site.admin or 'admin'}/login/")
    if not site.admin and page.status in CLOSED:
        yield "cookies", "--admin is not given", None
        return
    needed = {"httponly", "samesite"} | ({"secure"} if site.is_tls else set())
    cookies = page.headers.get_all("Set-Cookie") or []
    flags = {cookie.partition("=")[0]: {*re.findall(r";\s*(\w+)", cookie.lower())} for cookie in cookies}
    wrong = [f"{name}: {', '.join(sorted(found))}" for name, found in flags.items() if needed - found]
    yield "cookies", "; ".join(wrong) or f"{page.status}: {', '.join(flags)}", bool(cookies) and not wrong


def main() -> int:
    """Return 0 if no check failed, 1 if one did, and 2 if the API does not respond."""
    parser = argparse.ArgumentParser(description="Check a deployed API from outside.")
    parser.add_argument("url", help="such as https://api.example.com or http://127.0.0.1:8000")
    parser.add_argument("--admin", default="", metavar="PATH", help="path of the admin, to check its cookies")
    parser.add_argument("--http-port", type=int, default=0, metavar="N", help="port that redirects (80)")
    parser.add_argument("--timeout", type=float, default=10, metavar="SECONDS", help="for a response (10)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    options = vars(parser.parse_args())
    url, as_json, error = options.pop("url"), options.pop("json"), ""
    found: list[Check] = []
    try:
        found += checks(Site(url, **options))
    except ssl.SSLCertVerificationError as invalid:
        found.append(("tls", invalid.verify_message, False))
    except (OSError, HTTPException, ValueError, OverflowError) as failure:
        error = f"{url}: {str(failure) or type(failure).__name__}"
    words = {True: "passed", False: "failed", None: "skipped"}
    rows = [
        {"check": name, "status": words[passed], "evidence": text.strip()} for name, text, passed in found
    ]
    if as_json:
        print(json.dumps({"url": url, "error": error, "checks": rows}, indent=2))
    else:
        print("".join(f"{row['status']:<8} {row['check']:<10} {row['evidence']}\n" for row in rows), end="")
    if error:
        print(error, file=sys.stderr)
    return 2 if error else int(any(row["status"] == "failed" for row in rows))


if __name__ == "__main__":
    sys.exit(main())
