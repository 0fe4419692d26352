"""The report on a trial design as a person meets it: no fault of the script, in two languages, readable by all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from vein2vein.programme.trial.designs import read_design
from vein2vein.report.trial.content import Asked, blocks_of
from vein2vein.report.trial.html import write_html

pytestmark = pytest.mark.browser
EXAMPLES = Path(__file__).parents[3] / "examples" / "trials"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.mark.parametrize("name", ["phase1", "group-sequential"])
def test_it_opens_speaks_two_languages_and_all_can_read_it(name: str, tmp_path: Path, chromium: str) -> None:
    read = read_design((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    asked = Asked(datetime(2026, 11, 22, tzinfo=UTC), f"{name}.yaml", 100, 1)
    blocks = blocks_of(read, read.study.results(trials=100, seed=1), asked)
    address = write_html(tmp_path / "report.html", read.title, blocks, asked).as_uri()
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, headless=True, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type in {"error", "warning"} else None)
        page.goto(address)
        assert page.title().startswith("Trial design: ")
        for theme in ("light", "dark"):
            found = Axe().run(page, options=WCAG).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == [], theme
            page.click("#theme")
        page.click("[data-wording=zh]")
        assert page.locator("#summary").inner_text() == "摘要"
        page.click("[data-wording=en]")
        assert page.locator("#summary").inner_text() == "Summary"
        for width in (1366, 390):  # no page is wider than its window: tables scroll in their frames
            page.set_viewport_size({"width": width, "height": 768})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    assert faults == []
