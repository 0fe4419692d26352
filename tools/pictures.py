"""Takes the pictures of the documentation anew: `make pictures` writes docs/assets/*.png.

The report of the demonstration cohort is made here and opened in Chromium, which `make setup-browser` installs; CHROMIUM
names another one. Look at each picture before you commit it: nothing here can tell whether it still shows what its page says.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from vein2vein import default_registry, grade_cohort, open_delivery
from vein2vein.cli.demo import SCALES
from vein2vein.journey.toxicity.scales import scale_ids
from vein2vein.report.html import ReportOptions, write_report
from vein2vein.report.words import say

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "docs" / "assets"
DEMO = ROOT / "src" / "vein2vein" / "cli" / "demo_cohort"
# Not the clock, so that a picture changes only when the report does.
PRINTED_AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
COURSE = "05-oxygen-device-not-recorded"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, DESK, TALL = ({"width": w, "height": h} for w, h in ((1500, 1050), (1366, 860), (1366, 980)))


def _first_page(page: Page) -> None:
    page.locator("h1").first.wait_for()


def _list(page: Page) -> None:
    _scroll(page, "Courses")


def _course(page: Page) -> None:
    page.get_by_role("link", name=COURSE).first.click()
    page.evaluate("window.scrollTo({top: 0, behavior: 'instant'})")


def _chinese(page: Page) -> None:
    _course(page)
    page.click("[data-wording=zh]")


def _charts(page: Page) -> None:
    _course(page)
    _scroll(page, "What was recorded")


def _scroll(page: Page, heading: str) -> None:
    """At once: a picture is not to catch the page half way."""
    found = page.locator("section:not([hidden]) h2", has_text=re.compile(f"^{heading}$"))
    found.evaluate("one => one.scrollIntoView({behavior: 'instant'})")


@dataclass(frozen=True)
class Picture:
    """A file in docs/assets, the size of its window in CSS pixels, and what a reader does before it."""

    name: str
    window: dict[str, int]
    go: Callable[[Page], None]


PICTURES = (
    Picture("report", WIDE, _course),
    Picture("report-cohort", WIDE, _first_page),
    Picture("report-list", WIDE, _list),
    Picture("report-course", TALL, _course),
    Picture("report-charts", DESK, _charts),
    Picture("report-chinese", DESK, _chinese),
)


def main() -> int:
    """Make the report, and take every picture of it."""
    found = next((path for name in (os.environ.get("CHROMIUM", ""), *BROWSERS) if (path := shutil.which(name))), None)
    if found is None:
        print("no Chromium on the path: make setup-browser, or CHROMIUM=/path/to/chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        address = _report(Path(folder) / "report.html").as_uri()
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for picture in PICTURES:
            _take(browser, address, picture)
        browser.close()
    return 0


def _report(path: Path) -> Path:
    delivery = open_delivery(DEMO, mapping=DEMO / "mapping.yaml")
    registry = default_registry()
    rules = [registry.get(id) for id in scale_ids(SCALES.split(","), registry)]
    graded = grade_cohort(delivery.cohort, rules)
    options = ReportOptions(PRINTED_AT, delivery=delivery.report, source=say("document.demo_source"))
    write_report(path, delivery.cohort, graded, rule_sets=rules, options=options)
    return path


def _take(browser: Browser, address: str, picture: Picture) -> None:
    page = browser.new_page(viewport=picture.window)
    page.goto(address)
    picture.go(page)
    page.screenshot(path=ASSETS / f"{picture.name}.png")
    page.close()


if __name__ == "__main__":
    sys.exit(main())
