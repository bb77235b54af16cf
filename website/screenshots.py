"""Take screenshots of a project in headless Chromium; `make screenshots` runs it with the Python of each project.

Usage: `build/my_api/.venv/bin/python website/screenshots.py FOLDER [THEME]`. Writes Swagger UI and the admin, or the
dashboard of the admin in a theme, for light and dark pages, as PNG files with a reduced palette.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image  # type: ignore[import-not-found] # a package of the project
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.wait import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Iterator

# The project that contains the virtual environment; not resolved, since that may be a link.
PROJECT = Path(sys.executable).parent.parent.parent
EMAIL, PASSWORD = "ada@example.com", "a-password-of-the-demo"
SIZE, COLORS, MAX_BYTES = (1280, 800), 96, 150_000
DEADLINE = 60
USERS = """
from apps.users.models import User
User.objects.create_superuser("ada@example.com", "a-password-of-the-demo", first_name="Ada", last_name="Lovelace")
for name in ("Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra", "Barbara Liskov", "Donald Knuth"):
    first, last = name.split()
    User.objects.create_user(f"{first.lower()}@example.com", "a-password-of-the-demo", first_name=first, last_name=last)
"""


def main(target: Path, theme: str = "") -> None:
    """Take all screenshots, or those of a theme of the admin."""
    target.mkdir(parents=True, exist_ok=True)
    with server() as url:
        for scheme in ("light", "dark"):
            suffix = "" if scheme == "light" else "-dark"
            with browser(scheme) as driver:
                if theme:
                    log_in(driver, url)
                    save(driver, target / f"admin-{theme}{suffix}.png")
                    continue
                driver.get(f"{url}/api/docs/")
                wait_for(driver, ".opblock-summary")
                if scheme == "light":  # Swagger UI has no dark page
                    save(driver, target / "swagger.png")
                log_in(driver, url)
                driver.get(f"{url}/admin/users/user/")
                wait_for(driver, "#result_list")
                save(driver, target / f"admin{suffix}.png")


@contextmanager
def server() -> Iterator[str]:
    """Run the demo project with a few users on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{key: value for key, value in os.environ.items() if key not in {"REDIS_URL", "CELERY_BROKER_URL"}},
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "LOG_LEVEL": "WARNING",
        }
        manage = [sys.executable, "manage.py"]
        for arguments in (["migrate", "--verbosity", "0"], ["shell", "--verbosity", "0", "--command", USERS]):
            subprocess.run([*manage, *arguments], cwd=PROJECT, env=environment, check=True)
        command = [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        try:
            yield ready(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait()


def ready(url: str, process: subprocess.Popen[bytes]) -> str:
    """Wait until the server responds."""
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health/live/", timeout=DEADLINE).close()  # noqa: S310 - on the loopback
        except urllib.error.URLError:
            continue
        return url
    raise RuntimeError("The server of the demo has ended.")


@contextmanager
def browser(scheme: str) -> Iterator[Chrome]:
    """Start Chromium with a color scheme."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--hide-scrollbars", f"--user-data-dir={profile}"):  # fmt: skip
            options.add_argument(argument)
        driver = Chrome(options, ChromeService(shutil.which("chromedriver")))
        try:
            page = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", page)
            preference = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", preference)
            yield driver
        finally:
            driver.quit()


def wait_for(driver: Chrome, selector: str) -> None:
    """Wait until an element is visible."""
    found = expected_conditions.visibility_of_element_located((By.CSS_SELECTOR, selector))
    WebDriverWait(driver, DEADLINE).until(found)


def log_in(driver: Chrome, url: str) -> None:
    """Log in to the admin."""
    driver.get(f"{url}/admin/")
    driver.find_element(By.NAME, "username").send_keys(EMAIL)
    driver.find_element(By.NAME, "password").send_keys(PASSWORD)
    driver.find_element(By.CSS_SELECTOR, "[type=submit]").click()
    wait_for(driver, "#dashboard")


def save(driver: Chrome, path: Path) -> None:
    """Save the page as a PNG file with a reduced palette, without the handle of the Debug Toolbar."""
    driver.execute_script("document.querySelector('#djDebug')?.remove()")
    shot = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    reduced = shot.quantize(COLORS, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES} bytes")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
