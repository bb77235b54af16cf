"""Uploads to buckets over HTTP: one project for each service, with a local emulator.

Only the Azure emulator checks signatures and their expiry; for S3 and Google Cloud Storage, the tests of the projects
check the requests.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests
from baking import bare_environment, run
from filelock import FileLock
from servers import CREATE_USER, HTTPS, PHRASE, Program, Web, eventually, free_port, listens, production

if TYPE_CHECKING:
    from collections.abc import Iterator

    from baking import Bakery

pytestmark = pytest.mark.services

# Names of all blobs of files, including orphans.
BLOBS = "from apps.files.storage import *; print(*(name for folder in FOLDERS for name in names_in(folder)))"
UPLOADS = "from apps.files.storage import *; print(*names_in(UPLOADS))"
PICTURE = "from PIL import Image; Image.new('RGB', (8, 8), 'red').save('{path}')"
LINK_SECONDS = 8
AZURITE = "azurite@3.35.0"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ACCOUNT = """
import json
import re
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
key = rsa.generate_private_key(65537, 2048)
print(json.dumps({
    "type": "service_account",
    "project_id": "project",
    "client_email": "uploads@project.example.com",
    "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "private_key_id": "1",
}))
"""


@dataclass
class Service:
    """Emulated service, and the settings for it."""

    program: Program
    environment: dict[str, str]
    prepare: str = ""
    checks_signatures: bool = False


class Tokens(BaseHTTPRequestHandler):
    """OAuth token endpoint of Google that issues a token for any request."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"access_token": "token", "expires_in": 3600, "token_type": "Bearer"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Suppress the log."""


@pytest.fixture(scope="session")
def azurite(shared: Path) -> Path:
    """Return the path of the Azure emulator, installed from npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: it has the server that speaks like Azure")
    place = shared / "npm"
    place.mkdir(exist_ok=True)
    with FileLock(f"{place}.lock"):
        if not (place / "node_modules").exists():
            run(npm, "install", "--no-audit", "--no-fund", "--silent", AZURITE, cwd=place)
    return place / "node_modules" / ".bin" / "azurite-blob"


@pytest.fixture(scope="module", params=["s3", "gcs", "azure"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def project(kind: str, bake: Bakery, shared: Path) -> Path:
    """Return a project for the service, set up."""
    place = shared / f"media {kind}" / "my_api"
    with FileLock(shared / f"media-{kind}.lock"):
        if not place.exists():
            shutil.copytree(bake(media_storage=kind, use_celery=False, features="files"), place)
            run("make", "setup", f"PYTHON={sys.executable}", cwd=place)
    return place


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of server data and logs."""
    return tmp_path_factory.mktemp(kind)


@pytest.fixture(scope="module")
def service(kind: str, project: Path, folder: Path, request: pytest.FixtureRequest) -> Iterator[Service]:
    """Start the emulator of a service."""
    port = free_port()
    if kind == "gcs":
        found = _gcs(project, folder, port, request)
    else:
        found = _s3(folder, port) if kind == "s3" else _azure(request.getfixturevalue("azurite"), folder, port)
    with found.program:
        eventually(lambda: listens(port) or not found.program.running())
        assert found.program.running(), "ended at once"
        yield found


def _s3(folder: Path, port: int) -> Service:
    moto = Path(sys.executable).with_name("moto_server")
    prepare = "from django.core.files.storage import default_storage as s; s.bucket.create()"
    environment = {
        "AWS_STORAGE_BUCKET_NAME": "uploads",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_S3_REGION_NAME": "us-east-1",
        "AWS_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    return Service(_program(folder, moto, "-H", "127.0.0.1", "-p", str(port)), environment, prepare)


def _azure(azurite: Path, folder: Path, port: int) -> Service:
    options = f"--location . --blobHost 127.0.0.1 --blobPort {port} --skipApiVersionCheck --disableTelemetry"
    endpoint = f"http://127.0.0.1:{port}/devstoreaccount1"
    environment = {
        "AZURE_CONTAINER": "uploads",
        "AZURE_CONNECTION_STRING": f"AccountName=devstoreaccount1;AccountKey={AZURITE_KEY};BlobEndpoint={endpoint}",
    }
    prepare = "from django.core.files.storage import default_storage as s; s.client.create_container()"
    return Service(_program(folder, azurite, *options.split()), environment, prepare, checks_signatures=True)


def _gcs(project: Path, folder: Path, port: int, request: pytest.FixtureRequest) -> Service:
    tokens = ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    request.addfinalizer(tokens.server_close)
    request.addfinalizer(tokens.shutdown)
    Thread(target=tokens.serve_forever, daemon=True).start()
    account = json.loads(run(project / ".venv" / "bin" / "python", "-c", ACCOUNT, cwd=project))
    key = folder / "key.json"
    key.write_text(json.dumps(account | {"token_uri": f"http://127.0.0.1:{tokens.server_port}/"}), encoding="utf-8")
    options = f"start --host 127.0.0.1 --port {port} --in-memory --default-bucket uploads --quiet"
    environment = {
        "GS_BUCKET_NAME": "uploads",
        "GS_PROJECT_ID": "project",
        "GS_CREDENTIALS_FILE": str(key),
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}",
    }
    emulator = Path(sys.executable).with_name("gcp-storage-emulator")
    return Service(_program(folder, emulator, *options.split()), environment)


def _program(folder: Path, *command: str | Path) -> Program:
    return Program(*command, cwd=folder, env=bare_environment(), log=folder / "log")


@dataclass
class Site:
    """Running project and a logged-in user."""

    project: Path
    env: dict[str, str]
    web: Web
    headers: dict[str, str]

    def request(self, method: str, path: str, **content: Any) -> requests.Response:
        url = f"{self.web.url}/api/v1/{path}"
        return requests.request(method, url, headers=self.headers, timeout=60, **content)

    def upload(self, name: str = "Zürich.txt", content: bytes = b"Hello") -> dict[str, Any]:
        answer = self.request("POST", "files/", files={"file": (name, content, "text/html")})
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def link(self, file: dict[str, Any]) -> str:
        url: str = self.request("POST", f"files/{file['id']}/link/").json()["url"]
        return url

    def manage(self, *arguments: str) -> str:
        python = self.project / ".venv" / "bin" / "python"
        return run(python, "manage.py", *arguments, cwd=self.project, env=self.env)

    def blobs(self) -> list[str]:
        return self.manage("shell", "-v", "0", "-c", BLOBS).split()

    def uploads(self) -> list[str]:
        """Return the names of blobs of uploads in progress."""
        return self.manage("shell", "-v", "0", "-c", UPLOADS).split()


@pytest.fixture(scope="module")
def site(project: Path, service: Service, folder: Path) -> Iterator[Site]:
    env = production(
        project,
        DATABASE_URL=f"sqlite:///{folder / 'db.sqlite3'}",
        FILE_LINK_SECONDS=str(LINK_SECONDS),
        **service.environment,
    )
    python = project / ".venv" / "bin" / "python"
    run(python, "manage.py", "shell", "-c", CREATE_USER + service.prepare, cwd=project, env=env)
    with Web(project, folder, env, workers=1) as web:
        account = {"email": "ada@example.com", "password": PHRASE}
        pair = requests.post(f"{web.url}/api/v1/auth/token/", json=account, headers=HTTPS, timeout=30).json()
        yield Site(project, env, web, HTTPS | {"Authorization": f"Bearer {pair['access']}"})


def test_file_is_stored_in_bucket_and_served_by_presigned_url(site: Site, service: Service) -> None:
    content = b"Hello\n" * 500_000
    file = site.upload(content=content)
    link = site.link(file)

    assert not link.startswith(site.web.url)
    answer = requests.get(link, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.content == content
    (name,) = site.blobs()
    assert "rich" not in name
    if service.checks_signatures:
        assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''Z%C3%BCrich.txt"
        assert answer.headers["Content-Type"].startswith("text/plain")
        forged = re.sub("(Signature|sig)=", r"\1=0", link)
        assert requests.get(forged, timeout=30).status_code == 403
        eventually(lambda: requests.get(link, timeout=30).status_code == 403, every=0.5)


def test_deleted_file_is_removed_from_bucket(site: Site) -> None:
    file = site.upload()
    kept = site.upload("kept.txt")
    before = len(site.blobs())

    assert site.request("DELETE", f"files/{file['id']}/").status_code == 204
    eventually(lambda: len(site.blobs()) == before - 1, every=0.5)
    assert requests.get(site.link(kept), timeout=30).content == b"Hello"


def send(transfer: dict[str, Any], content: bytes) -> requests.Response:
    """Send content to the bucket as `transfer` of an upload says."""
    body: dict[str, Any] = {"data": content}
    if transfer["method"] == "POST":
        body = {"data": transfer["form"], "files": {"file": content}}
    return requests.request(transfer["method"], transfer["url"], headers=transfer["headers"], timeout=60, **body)


def test_large_file_is_uploaded_directly_to_the_bucket(site: Site, kind: str) -> None:
    content = b"Hello\n" * 3_000_000
    before = site.blobs()
    new = {"name": "Zürich.txt", "size": len(content)}
    upload = site.request("POST", "files/uploads/", json=new).json()

    assert not upload["transfer"]["url"].startswith(site.web.url)
    early = site.request("POST", f"files/uploads/{upload['id']}/complete/")
    assert (early.status_code, early.json()["type"]) == (409, "urn:problem:upload_incomplete")
    sent = send(upload["transfer"], content)
    assert sent.ok, sent.text
    if kind == "azure":
        assert send(upload["transfer"], b"Another content").status_code == 403
    file = site.request("POST", f"files/uploads/{upload['id']}/complete/")

    assert file.status_code == 201, file.text
    assert (file.json()["name"], file.json()["size"]) == (new["name"], new["size"])
    assert requests.get(site.link(file.json()), timeout=60).content == content
    assert len(site.blobs()) == len(before) + 1
    eventually(lambda: site.uploads() == [], every=0.5)
    # Larger than a form may be.
    assert site.request("POST", "files/", files={"file": (new["name"], content)}).status_code == 413


def test_invalid_direct_upload_is_deleted_from_the_bucket(site: Site) -> None:
    upload = site.request("POST", "files/uploads/", json={"name": "a.png", "size": 5}).json()
    assert send(upload["transfer"], b"Hello").ok

    answer = site.request("POST", f"files/uploads/{upload['id']}/complete/")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_image")
    eventually(lambda: site.uploads() == [], every=0.5)


def test_avatar_is_stored_in_bucket(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "me.png"
    run(site.project / ".venv" / "bin" / "python", "-c", PICTURE.format(path=path), cwd=tmp_path)
    avatar = "users/me/avatar/"

    for _ in range(2):
        assert site.request("PUT", avatar, files={"avatar": ("me.png", path.read_bytes())}).status_code == 200
    answer = site.request("GET", avatar)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert answer.content.startswith(b"RIFF")
    code = "from django.core.files.storage import default_storage as s; print(len(s.listdir('avatars')[1]))"
    assert site.manage("shell", "-v", "0", "-c", code).strip() == "1"
    code = "from apps.users.models import User; u = User.objects.get(); u.avatar.storage.delete(u.avatar.name)"
    site.manage("shell", "-v", "0", "-c", code)
    assert site.request("GET", avatar).status_code == 404


def test_cleanup_removes_orphaned_blob(site: Site) -> None:
    before = site.blobs()
    key = site.upload()["id"]
    code = f"from apps.files.models import StoredFile as F; F.objects.filter(pk='{key}')._raw_delete('default')"
    site.manage("shell", "-v", "0", "-c", code)

    # Within the grace period, it may belong to an upload in progress.
    assert site.manage("purge_files").endswith("\n0 orphaned blobs deleted, 0 files without blob.\n")
    code = (
        "from datetime import timedelta; from apps.files.services import cleanup; cleanup.GRACE = timedelta(0);"
        "from django.core.management import call_command as c; c('purge_files', '--dry-run'); c('purge_files')"
    )
    printed = site.manage("shell", "-v", "0", "-c", code)
    assert [line for line in printed.splitlines() if "orphaned" in line] == [
        "1 orphaned blobs would be deleted, 0 files without blob.",
        "1 orphaned blobs deleted, 0 files without blob.",
    ]
    assert site.blobs() == before


def test_unavailable_storage_returns_503(site: Site, service: Service) -> None:
    """Must run last: the service is not restarted."""
    kept = site.upload()
    service.program.stop()

    answer = site.request("POST", "files/", files={"file": ("a.txt", b"Hello")})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:problem:storage_unavailable")
    assert site.request("GET", "files/").json()["results"][0]["id"] == kept["id"]
    assert site.request("DELETE", f"files/{kept['id']}/").status_code == 204
    assert requests.get(f"{site.web.url}/health/ready/", timeout=30).status_code == 200
