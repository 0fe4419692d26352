"""The report on a trial design as a person meets it: no fault of the script, in two languages, readable by all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from vein2vein.programme.trial.analyses import analysed, request_of
from vein2vein.programme.trial.designs import read_design
from vein2vein.report.trial.analysis import Analysed, blocks_of_analysis, name_of
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
    _looked_at(
        write_html(tmp_path / "report.html", read.title, blocks, asked), chromium, ("#summary", "Summary", "摘要")
    )


def test_so_does_the_report_of_an_analysis(tmp_path: Path, chromium: str) -> None:
    request = request_of("external-control", EXAMPLES / "external-control.yaml")
    found = analysed(request.content, request.patients)
    blocks = blocks_of_analysis(found, Analysed("external", "vein2vein", request.content, request.hashes))
    asked = Asked(datetime(2026, 11, 22, tzinfo=UTC), "", 0, 0)
    page = write_html(tmp_path / "analysis.html", name_of(found), blocks, asked)
    _looked_at(page, chromium, ("#left-out", "Left out", "未纳入者"))


def _looked_at(page_file: Path, chromium: str, heading: tuple[str, str, str]) -> None:
    address, (place, english, chinese) = page_file.as_uri(), heading
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, headless=True, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type in {"error", "warning"} else None)
        page.goto(address)
        assert page.title().startswith(("Trial design: ", "Trial analysis: "))
        for theme in ("light", "dark"):
            found = Axe().run(page, options=WCAG).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == [], theme
            page.click("#theme")
        page.click("[data-wording=zh]")
        assert page.locator(place).inner_text() == chinese
        page.click("[data-wording=en]")
        assert page.locator(place).inner_text() == english
        for width in (1366, 390):  # no page is wider than its window: tables scroll in their frames
            page.set_viewport_size({"width": width, "height": 768})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    assert faults == []
