"""Fixtures: the report of the tests' graph in headless Chromium."""

import base64
import importlib.resources
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from checkout import ROOT
from restoration.core import artifacts
from restoration.report import index_page

OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
PAGE = ROOT / "workflow" / "report"
SIZES = {"wide": (1240, 900), "narrow": (390, 844)}


class Browser:
    """A page in Chromium, with its console errors and network requests."""

    def __init__(self, address: str) -> None:
        options = webdriver.ChromeOptions()
        for option in OPTIONS:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(120)
        self.address = address
        self.axe = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.open()

    def open(self) -> None:
        self.driver.get(self.address)

    def ask(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(f"return {script}", *arguments)

    def command(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def all(self, selector: str) -> list[WebElement]:
        found = self.driver.find_elements("css selector", selector)
        assert found, f"there is no {selector}"
        return found

    def one(self, selector: str) -> WebElement:
        return self.all(selector)[0]

    def press(self, element: WebElement, *keys: str) -> None:
        """Focus an element and type."""
        self.driver.execute_script("arguments[0].focus()", element)
        assert self.driver.switch_to.active_element == element, "the element takes no focus"
        element.send_keys(*keys)

    def tab(self) -> WebElement:
        """Press Tab and return the element with the focus."""
        self.driver.switch_to.active_element.send_keys(Keys.TAB)
        return self.driver.switch_to.active_element

    def look(self, size: str = "wide", colours: str = "light", medium: str = "") -> None:
        """Set a screen of SIZES and the colours of the system; medium: 'print', or empty for the screen."""
        width, height = SIZES[size]
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        features = [{"name": "prefers-color-scheme", "value": colours}]
        self.command("Emulation.setEmulatedMedia", media=medium, features=features)

    def printed(self) -> bytes:
        return base64.b64decode(self.command("Page.printToPDF")["data"])

    def violations(self) -> list[str]:
        """Return the violations of WCAG 2.1 AA and good practice: the rule and the element."""
        if not self.ask("Boolean(window.axe)"):
            self.driver.execute_script(self.axe)
        # A drawing is one picture, described in words; its parts are not checked.
        what = "{exclude: [['.drawn svg > *']]}, {resultTypes: ['violations']}"
        found = self.driver.execute_async_script(f"axe.run({what}).then(arguments[0])")
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]

    def heard(self) -> None:
        """Collect the console errors and network requests since the last call."""
        self.errors += [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])


@pytest.fixture(scope="module")
def report(graph: Any) -> Path:
    return graph.folder / "results/digits/report/report.html"


@pytest.fixture(scope="module")
def landing_page(report: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The index page after a second run, in which a setting, a champion and an error changed."""
    folder = tmp_path_factory.mktemp("landing") / "digits"
    kept = report.parents[1] / "logs/runs"
    shutil.copytree(kept, folder / "logs/runs")
    (folder / "report").mkdir()
    shutil.copy(report, folder / "report")
    summary = artifacts.read_json(min(kept.iterdir()))
    summary["settings"]["seeds"] = "[0, 1]"
    summary["champions"]["inpainting"] = "none"
    summary["errors"]["denoising: median"] = [1.0, 0.9, 1.1]
    index_page.record(folder, summary)
    parts = (PAGE / name for name in ("index.html.j2", "report.css", "theme.js"))
    browser = Browser(index_page.write(folder.parent, *parts).as_uri())
    yield browser
    browser.driver.quit()


@pytest.fixture(scope="module")
def opened(report: Path) -> Iterator[Browser]:
    browser = Browser(report.as_uri())
    yield browser
    browser.driver.quit()


@pytest.fixture
def browser(opened: Browser) -> Browser:
    """The page, loaded once for all tests, at its top, on a wide, light screen."""
    opened.look()
    opened.driver.execute_script("scrollTo(0, 0); document.activeElement.blur()")
    return opened
