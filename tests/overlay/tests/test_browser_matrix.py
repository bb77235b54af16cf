"""Pages in a real browser: color scheme, imports and Redoc."""

from pathlib import Path

import pytest
from django.urls import reverse
from selenium.webdriver.common.by import By

from apps.users.models import User
from config import project
from tests import test_browser
from tests.test_browser import Browser

pytestmark = test_browser.pytestmark

# The fixtures of the short tests.
driver = test_browser.driver
browser = test_browser.browser
superuser = test_browser.superuser
summaries = test_browser.summaries

IS_DARK = """
const [red] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/);
return red < (red < 1 ? 0.5 : 128);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_admin_follows_the_color_scheme(browser: Browser, superuser: User, scheme: str) -> None:
    browser.log_in(superuser)
    browser.emulate(scheme, 1200)
    browser.open(reverse("admin:index"))
    browser.wait_for("#dashboard")
    assert browser.driver.execute_script(IS_DARK) is (scheme == "dark")


def test_admin_imports_a_file_after_a_preview(browser: Browser, superuser: User, tmp_path: Path) -> None:
    browser.log_in(superuser)
    confirm = "form[action$='/process_import/'] [type=submit]"
    for text, shown in (("label,day\na,x\n", ".import-preview"), ("label\nimported\n", confirm)):
        path = tmp_path / "rows.csv"
        path.write_text(text, encoding="utf-8")
        browser.open(reverse("admin:sampleapp_measurement_import"))
        browser.driver.find_element(By.NAME, "import_file").send_keys(str(path))
        browser.driver.find_element(By.CSS_SELECTOR, "form[enctype] [type=submit]").click()
        browser.wait_for(shown)
    browser.driver.find_element(By.CSS_SELECTOR, confirm).click()
    browser.wait_for("#result_list")
    assert "imported" in browser.text()


def test_redoc_shows_the_summary_of_every_operation(browser: Browser, summaries: list[str]) -> None:
    browser.open(reverse("redoc"))
    browser.wait_for("redoc h1, .redoc-wrap h1")
    text = browser.text()
    assert project.TITLE in text
    assert [summary for summary in summaries if summary not in text] == []
    broken = "return [...document.images].filter(i => i.checkVisibility() && !i.naturalWidth).length"
    assert browser.driver.execute_script(broken) == 0
    browser.driver.find_element(By.CSS_SELECTOR, "[role=search] input").send_keys("avatar")
    browser.wait_for("[data-role='search:results'] label")
