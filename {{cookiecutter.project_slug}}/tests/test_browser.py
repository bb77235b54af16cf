"""HTML pages in a real browser: no console errors and no requests to other hosts."""

import itertools
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import NoReverseMatch, resolve, reverse
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.wait import WebDriverWait

from apps.users.models import User
from apps.users.tests.factories import PASSWORD, SuperuserFactory
from config import project
from conftest import Client
from tests.test_admin import MODELS, create

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
DRIVER = shutil.which("chromedriver")
DEADLINE = 60
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1200,900",
)
# Redoc requests the logo of its vendor; the Content-Security-Policy blocks the request.
BLOCKED = "https://cdn.redoc.ly/redoc/logo-mini.svg"
SELECT_ROWS_TO_DELETE = """
document.querySelector(".action-select").click();
const select = document.querySelector("select[name=action]");
select.value = "delete_selected";
select.dispatchEvent(new Event("change", { bubbles: true }));
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and its chromedriver"),
    pytest.mark.django_db(transaction=True),
]


class Browser:
    """Chromium with its console errors and requested hosts."""

    def __init__(self, driver: Chrome, server: str) -> None:
        self.driver = driver
        self.server = server

    def open(self, path: str) -> None:
        self.driver.get(self.server + path)

    def emulate(self, scheme: str, width: int) -> None:
        """Set the color scheme, and the width of the screen."""
        preference = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 800}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", preference)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def log_in(self, user: User) -> None:
        client = Client()
        client.force_login(user)
        self.open(reverse("admin:login"))
        self.driver.add_cookie({"name": "sessionid", "value": client.cookies["sessionid"].value})

    def wait_for(self, selector: str) -> None:
        found = expected_conditions.visibility_of_element_located((By.CSS_SELECTOR, selector))
        WebDriverWait(self.driver, DEADLINE).until(found)

    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def complaints(self) -> list[str]:
        """Return the console messages: blocked or missing resources and script errors."""
        entries = self.driver.get_log("browser")
        messages = [entry["message"] for entry in entries if entry["level"] in {"SEVERE", "WARNING"}]
        return [message for message in messages if BLOCKED not in message]

    def hosts(self) -> set[str]:
        """Return the hosts of all requests."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        urls = [urlsplit(params["request"]["url"]) for params in sent if params["request"]["url"] != BLOCKED]
        return {url.netloc for url in urls if url.scheme not in {"data", "blob", "chrome"}}


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    # Not `tmp_path`: Chromium creates sockets in its profile, whose paths must be short.
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        chromium = Chrome(options, ChromeService(DRIVER))
        yield chromium
        chromium.quit()


@pytest.fixture
def browser(driver: Chrome, live_server: LiveServer) -> Iterator[Browser]:
    """Yield a browser; after the test, assert no console errors and no requests to other hosts."""
    opened = Browser(driver, live_server.url)
    yield opened
    complaints, hosts = opened.complaints(), opened.hosts()
    driver.delete_all_cookies()
    opened.emulate("light", 1200)
    assert complaints == []
    assert hosts == {urlsplit(live_server.url).netloc}


@pytest.fixture
def superuser(transactional_db: None) -> User:
    return SuperuserFactory.create()


def admin_urls(superuser: User) -> Iterator[str]:
    """Yield the URLs of all pages of the admin that the user may open."""
    yield reverse("admin:index")
    yield reverse("admin:password_change")
    yield reverse("admin:password_change_done")
    yield reverse("admin:auth_user_password_change", args=[superuser.pk])
    request = RequestFactory().get("/")
    request.user = superuser
    for model in MODELS:
        options, row = model._meta, create(model)  # noqa: SLF001 - Django's documented Options API
        allowed = admin.site.get_model_admin(model).get_model_perms(request)
        pages = {"changelist": [], "change": [row.pk], "history": [row.pk], "import": []}
        pages |= {"add": []} if allowed["add"] else {}
        pages |= {"delete": [row.pk]} if allowed["delete"] else {}
        app_list = reverse("admin:app_list", args=[options.app_label])
        # A page of the theme may have this URL: Unfold has one with the name `search`.
        if resolve(app_list).url_name == "app_list":
            yield app_list
        for page, args in pages.items():
            with suppress(NoReverseMatch):
                yield reverse(f"admin:{options.app_label}_{options.model_name}_{page}", args=args)


def test_admin_pages_have_no_console_errors(browser: Browser, superuser: User) -> None:
    browser.log_in(superuser)
    modes = itertools.cycle([("light", 1200), ("dark", 390)])
    for url in admin_urls(superuser):
        # Open each page in one mode and switch to the other, which is the one of the next page.
        browser.emulate(*next(modes))
        browser.open(url)
        browser.emulate(*next(modes))
        assert (url, browser.complaints()) == (url, [])
        next(modes)
    browser.open(reverse("admin:auth_group_changelist"))
    browser.driver.execute_script(SELECT_ROWS_TO_DELETE)
    browser.wait_for("button[name=index]")
    browser.driver.find_element(By.CSS_SELECTOR, "button[name=index]").click()
    browser.wait_for("form:has([name=post]) [type=submit]")
    browser.driver.execute_script("document.querySelector('#logout-form').submit()")
    browser.wait_for(f"a[href='{reverse('admin:index')}']")


def test_admin_login_leads_to_the_user_list(browser: Browser, superuser: User) -> None:
    browser.open(reverse("admin:index"))
    browser.wait_for("[name=username]")
    browser.driver.find_element(By.NAME, "username").send_keys(superuser.email)
    browser.driver.find_element(By.NAME, "password").send_keys(PASSWORD)
    browser.driver.find_element(By.CSS_SELECTOR, "[type=submit]").click()
    browser.wait_for("#dashboard")
    browser.open(reverse("admin:users_user_changelist"))
    browser.wait_for("#result_list")
    assert superuser.email in browser.text()
    assert project.TITLE in browser.driver.title
    browser.open(reverse("admin:users_user_change", args=[superuser.pk]))
    browser.wait_for("#user_form")
    assert browser.driver.find_element(By.NAME, "email").get_attribute("value") == superuser.email


@pytest.fixture
def summaries(api: Client) -> list[str]:
    paths = api.get(reverse("schema"), {"format": "json"}).json()["paths"]
    return [operation["summary"] for methods in paths.values() for operation in methods.values()]


def test_swagger_shows_the_summary_of_every_operation(browser: Browser, summaries: list[str]) -> None:
    browser.open(reverse("docs"))
    browser.wait_for(".opblock")
    text = browser.text()
    assert [summary for summary in summaries if summary not in text] == []
    browser.driver.find_element(By.CSS_SELECTOR, ".opblock-summary-control").click()
    browser.wait_for(".opblock-body")
