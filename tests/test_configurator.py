"""The configurator page: its data against generated projects, and its behavior in Chromium."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
import yaml
from baking import (
    FEATURES,
    PROMPTS,
    Answers,
    Bakery,
    bare_environment,
    context_of,
    covering_array,
    default_context,
    files_of,
    label,
    options,
    refused_pairs,
    run,
    values_of,
)
from filelock import FileLock
from pre_gen_project import faults
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
DRIVER = shutil.which("chromedriver")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1400,1000",
)
DEADLINE = 60
VARIANTS = covering_array(strength=3)
PRESETS = ("minimal", "web_app", "saas", "iot")
every_variant = pytest.mark.parametrize("answers", VARIANTS, ids=label)
in_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium and its chromedriver")


@pytest.fixture(scope="session")
def page(template: Path, shared: Path) -> Path:
    """Return the folder of the page, built from the template that the projects are generated from."""
    place = shared / "configurator"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            build = template / "docs" / "configurator" / "build.py"
            run(sys.executable, "-B", build, place, "--source", str(template), cwd=template)
    return place


@pytest.fixture(scope="module")
def described(page: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((page / "options.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def data(page: Path) -> dict[str, Any]:
    found: dict[str, Any] = constant(page / "data.js")
    return found


@pytest.fixture(scope="module")
def texts(page: Path) -> list[str]:
    found: list[str] = constant(page / "texts.js")
    return found


def constant(script: Path) -> Any:
    return json.loads(script.read_text(encoding="utf-8").partition(" = ")[2].removesuffix(";\n"))


def pick(tree: Any, values: Answers) -> Any:
    """Return the leaf of a decision tree."""
    while isinstance(tree, list):
        tree = tree[1][written(values[tree[0]])]
    return tree


def written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def full(answers: Answers) -> Answers:
    """Return all answers that are not free text."""
    context = context_of(answers)
    return {key: context[key] for key in [*options(), "features"]}


def contents(project: Path) -> dict[str, bytes]:
    """Return all files of a project, with the secret key masked."""
    env = re.sub(rb"^SECRET_KEY=.*$", b"SECRET_KEY=<generated>", (project / ".env").read_bytes(), flags=re.MULTILINE)
    return dict(files_of(project)) | {".env": env}


# Data


@every_variant
def test_data_equals_generated_project(bake: Bakery, data: dict[str, Any], texts: list[str], answers: Answers) -> None:
    values = values_of(answers)
    shown: dict[str, Any] = {}
    for path, (kept, parts) in data["files"].items():
        if pick(kept, values):
            leaves = parts if isinstance(parts, dict) else [pick(part, values) for part in parts]
            shown[path] = leaves
    real = contents(bake(**answers))
    assert shown.keys() == real.keys()
    for path, leaves in shown.items():
        if isinstance(leaves, dict):
            assert leaves["bytes"] == len(real[path]), path
            continue
        inserted = [json.dumps(answers[leaf["answer"]]) if isinstance(leaf, dict) else texts[leaf] for leaf in leaves]
        assert "".join(inserted) == real[path].decode("utf-8"), path


@every_variant
def test_services_equal_the_compose_files(bake: Bakery, data: dict[str, Any], answers: Answers) -> None:
    if answers["deployment"] != "compose":
        return
    stack = bake(**answers) / "deploy" / "compose"
    files = [
        yaml.safe_load((stack / name).read_text("utf-8"))
        for name in ("production.yml", "caddy.yml", "nginx.yml")
        if (stack / name).exists()
    ]
    services = {name for file in files for name in file["services"]}
    assert set(pick(data["services"], values_of(answers)).split(", ")) == services - {"migrate"}


def test_data_is_small(page: Path) -> None:
    assert (page / "data.js").stat().st_size < 300_000
    assert sum(path.stat().st_size for path in page.iterdir()) < 3_000_000


def test_options_are_those_of_the_template(described: dict[str, Any]) -> None:
    found = {option["key"]: option for option in described["options"]}
    assert list(found) == PROMPTS
    for key, values in options().items():
        shown = [each["value"] for each in found[key].get("values", [])] or [found[key]["default"]]
        assert shown == (values if isinstance(values[0], str) else values[:1])
    requirements = {each["value"]: each["requires"] or "" for each in found["features"]["values"]}
    assert requirements == default_context()["_features"]
    assert all(option["label"] for option in found.values())


def test_rejected_pairs_are_those_of_the_hook(described: dict[str, Any]) -> None:
    expected = [{key: written(value) for key, value in pair} for pair in refused_pairs()]
    assert [each["pair"] for each in described["rejected"]] == expected


def test_presets_are_accepted_by_the_hook(described: dict[str, Any]) -> None:
    presets = {each["name"]: each["answers"] for each in described["presets"]}
    assert tuple(presets) == PRESETS
    assert [fault for answers in presets.values() for fault in faults(context_of(answers))] == []


# Page


class QuietHandler(SimpleHTTPRequestHandler):
    """File server without a log."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Write nothing."""


@pytest.fixture(scope="module")
def server(page: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(page))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.fixture(scope="module")
def driver() -> Iterator[Chrome]:
    wanted = ChromeOptions()
    wanted.binary_location = str(CHROMIUM)
    for argument in ARGUMENTS:
        wanted.add_argument(argument)
    wanted.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Without TMPDIR: the paths of Chromium's sockets must be short.
    environment = {name: value for name, value in bare_environment().items() if name != "TMPDIR"}
    chromium = Chrome(wanted, ChromeService(DRIVER, env=environment))
    yield chromium
    chromium.quit()


class Configurator:
    """The page in a browser."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self, fragment: str = "") -> None:
        # Otherwise, a change of the fragment only would not load the page.
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}#{fragment}")
        self.wait_for_file()

    def wait_for_file(self) -> None:
        WebDriverWait(self.driver, DEADLINE).until(lambda _: self.find("#content").text)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return str(self.find(selector).get_property("textContent"))

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(f"return {script}", *arguments)

    def tree(self) -> dict[str, str]:
        """Return the paths in the tree with their status."""
        buttons = "[...document.querySelectorAll('#tree button')]"
        return dict(self.run(f"{buttons}.map(button => [button.dataset.path, button.dataset.status])"))

    def open_file(self, path: str) -> None:
        self.run("document.querySelector(`#tree [data-path='${arguments[0]}']`).click()", path)
        WebDriverWait(self.driver, DEADLINE).until(lambda _: self.text("#path").startswith(f"{path} "))

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, selector: str) -> None:
        """Press the tab key until an element has the focus."""
        for _ in range(100):
            self.press(Keys.TAB)
            if self.run("document.activeElement.matches(arguments[0])", selector):
                return
        raise AssertionError(f"{selector} is not reached by the tab key")

    def width(self) -> int:
        """Return the width of the page, which is that of the window unless something is wider."""
        return int(self.run("document.documentElement.scrollWidth"))

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def hosts(self) -> set[str]:
        """Return the hosts of all requests."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]  # type: ignore[no-untyped-call]
        urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return {urlsplit(url).netloc for url in urls if urlsplit(url).scheme not in {"data", "blob", "chrome", "about"}}


@pytest.fixture
def configurator(driver: Chrome, server: str) -> Iterator[Configurator]:
    """Yield the page; after the test, assert no console messages and no requests to other hosts."""
    opened = Configurator(driver, server)
    yield opened
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    complaints, hosts = opened.complaints(), opened.hosts()
    assert complaints == []
    assert hosts == {urlsplit(server).netloc}


def fragment_of(answers: Answers) -> str:
    return urlencode({key: written(value) for key, value in answers.items()})


def command_answers(command: str, template: Path) -> Answers:
    """Return the answers of a command line, as the shell and cookiecutter read them."""
    program, source, *words = shlex.split(command)
    assert (program, source) == ("cookiecutter", str(template))
    pairs = (word.partition("=") for word in words)
    return {key: answer for key, _, answer in pairs}


SHOWN = "Object.fromEntries(arguments[0].map(path => [path, linesOf(path, state.values).join('\\n')]))"


@in_browser
@pytest.mark.parametrize("chosen", [*PRESETS, *random.Random(10).sample(range(len(VARIANTS)), 6)])  # noqa: S311 - not secret
def test_page_equals_generated_project(
    bake: Bakery, template: Path, configurator: Configurator, described: dict[str, Any], chosen: str | int
) -> None:
    if isinstance(chosen, int):
        configurator.open(fragment_of(VARIANTS[chosen]))
    else:
        configurator.open()
        configurator.find(f"#presets button:nth-child({PRESETS.index(chosen) + 2})").click()
    typed = command_answers(configurator.text("#command"), template)
    presets = {each["name"]: each["answers"] for each in described["presets"]}
    answers = full(VARIANTS[chosen] if isinstance(chosen, int) else presets[chosen])
    assert full(typed) == answers

    real, default = contents(bake(**answers)), contents(bake())
    tree = configurator.tree()
    assert tree.keys() == real.keys()
    assert configurator.text("#file-count") == str(len(real))
    readable = [path for path, content in real.items() if b"\0" not in content]
    for path, text in configurator.run(SHOWN, readable).items():
        assert text == real[path].decode("utf-8").removesuffix("\n"), path

    configurator.find("#only-differences").click()
    record = {path for path in real if real[path] != default.get(path)}
    differences = {path: "added" if path not in default else "changed" for path in record}
    assert configurator.tree() == differences | dict.fromkeys(default.keys() - real.keys(), "removed")


@in_browser
def test_file_is_shown_as_text_and_as_diff(bake: Bakery, configurator: Configurator) -> None:
    configurator.open("deployment=kubernetes")
    configurator.open_file("Makefile")
    before, after = ((bake(**each) / "Makefile").read_text("utf-8") for each in ({}, {"deployment": "kubernetes"}))
    assert configurator.text("#content") == after
    configurator.find("#as-diff").click()
    WebDriverWait(configurator.driver, DEADLINE).until(lambda _: configurator.find("#content ins"))
    shown = configurator.text("#content").splitlines()
    assert [line[2:] for line in shown if line.startswith("+")] == ["include deploy/kubernetes/targets.mk", ""]
    assert not any(line.startswith("-") for line in shown)
    assert len(shown) < len(after.splitlines())
    lines = configurator.run("diff(arguments[0].split('\\n'), arguments[1].split('\\n'))", after, before)
    assert "\n".join(line for mark, line in lines if mark != "+") == after
    assert "\n".join(line for mark, line in lines if mark != "-") == before


@in_browser
def test_removed_file_is_shown_as_removed(configurator: Configurator) -> None:
    configurator.open("use_celery=false")
    configurator.find("#only-differences").click()
    configurator.open_file("config/celery.py")
    assert configurator.text("#path") == "config/celery.py removed"
    assert set(configurator.run("[...document.querySelectorAll('#content > *')].map(line => line.tagName)")) == {"DEL"}


@in_browser
def test_link_restores_answers_and_file(configurator: Configurator) -> None:
    configurator.open()
    configurator.find("#texts summary").click()
    configurator.find("#author_name").send_keys("Ünal & Söhne #1")
    configurator.find("#use_channels").click()
    configurator.find("#files").click()
    configurator.open_file("config/asgi.py")
    command, link = configurator.text("#command"), configurator.driver.current_url
    configurator.open(urlsplit(link).fragment)
    assert configurator.text("#command") == command
    assert configurator.text("#path").startswith("config/asgi.py")
    assert configurator.driver.current_url == link


@in_browser
def test_link_with_unknown_or_rejected_answers_is_corrected(configurator: Configurator) -> None:
    configurator.open("use_celery=false&license=Beer&colour=blue&features=durable_tasks+files+wiki")
    assert configurator.text("#command").endswith(" use_celery=false features=files")
    notice = configurator.text("#notice")
    assert all(name in notice for name in ("license", "colour", "wiki", "use_celery: is needed by durable_tasks"))


@in_browser
def test_rejected_combination_is_disabled_with_its_reason(configurator: Configurator) -> None:
    configurator.open("use_celery=false")
    assert not configurator.find("#durable_tasks").is_enabled()
    assert "needed by durable_tasks" in configurator.text("#note-durable_tasks")
    configurator.open("features=durable_tasks")
    assert not configurator.find("#use_celery").is_enabled()


@in_browser
def test_option_without_effect_is_named(configurator: Configurator) -> None:
    configurator.open("deployment=none")
    assert configurator.text("#note-reverse_proxy") == "No effect with the other answers"
    configurator.open()
    assert configurator.text("#note-reverse_proxy") == ""


@in_browser
def test_command_is_quoted_for_shell_and_cookiecutter(bake: Bakery, template: Path, configurator: Configurator) -> None:
    configurator.open()
    configurator.find("#texts summary").click()
    typed = {"project_name": 'It\'s "{{ 7*7 }}" $HOME', "project_slug": "my_api", "author_name": "{% raw %} 🚀"}
    for key, text in typed.items():
        configurator.run("document.getElementById(arguments[0]).value = arguments[1]", key, text)
        configurator.find(f"#{key}").send_keys(" ", Keys.BACKSPACE)
    answers = command_answers(configurator.text("#command"), template)
    rendered = context_of(answers)
    assert {key: rendered[key] for key in typed} == typed
    assert bake(**answers).name == "my_api"
    configurator.find("#no-input").click()
    assert configurator.text("#command").startswith("cookiecutter --no-input ")


@in_browser
def test_page_is_operated_by_keyboard(configurator: Configurator) -> None:
    configurator.open()
    configurator.tab_to("#use_channels")
    configurator.press(Keys.SPACE)
    configurator.tab_to("#deployment")
    configurator.press("k")
    configurator.tab_to("#copy-command")
    configurator.press(Keys.ENTER)
    WebDriverWait(configurator.driver, DEADLINE).until(lambda _: configurator.text("#notice") == "Copied")
    configurator.tab_to("#filter")
    ActionChains(configurator.driver).key_down(Keys.CONTROL).send_keys("v").key_up(Keys.CONTROL).perform()
    command = configurator.text("#command")
    assert command.endswith(" use_channels=true deployment=kubernetes")
    assert configurator.find("#filter").get_property("value") == command
    ActionChains(configurator.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
    configurator.press(Keys.BACKSPACE)
    configurator.tab_to("#tree summary")
    configurator.press(Keys.ENTER)
    configurator.tab_to("#tree details[open] summary")
    configurator.press(Keys.ENTER)
    configurator.tab_to("#tree button")
    path = configurator.run("document.activeElement.dataset.path")
    configurator.press(Keys.ENTER)
    WebDriverWait(configurator.driver, DEADLINE).until(lambda _: configurator.text("#path").startswith(f"{path} "))
    unlabeled = (
        "[...document.querySelectorAll('input, select')].filter(each => !each.labels.length).map(each => each.id)"
    )
    assert configurator.run(unlabeled) == []


@in_browser
def test_page_fits_a_phone(configurator: Configurator) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    configurator.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    configurator.open(fragment_of({"features": " ".join(FEATURES), "deployment": "kubernetes", "use_channels": True}))
    assert configurator.width() == 390
    configurator.find("#texts summary").click()
    configurator.find("#only-differences").click()
    configurator.find("#as-diff").click()
    configurator.open_file("docs/kubernetes.md")
    assert configurator.width() == 390


@in_browser
def test_page_follows_the_color_scheme(configurator: Configurator) -> None:
    configurator.open()
    background = "getComputedStyle(document.body).backgroundColor"
    light = configurator.run(background)
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    configurator.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
    assert configurator.run(background) != light


@in_browser
def test_page_works_from_the_file_system(driver: Chrome, page: Path) -> None:
    opened = Configurator(driver, (page / "index.html").as_uri())
    opened.open("features=files")
    assert "apps/files/models.py" in opened.tree()
    opened.find("#use_channels").click()
    assert opened.driver.current_url.endswith("#use_channels=true&features=files")
    assert opened.complaints() == []
    assert opened.hosts() == {""}
