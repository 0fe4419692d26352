"""The report as a person meets it: in a browser, with a mouse, with a keyboard, in grey, on a phone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from report_example import a_delivery
from vein2vein.knowledge.registry import rule_set
from vein2vein.report.html import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
DESK = {"width": 1366, "height": 768}


@pytest.fixture(scope="module")
def address(example, tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, example.cohort, example.graded, rule_sets=example.rules, options=example.options)
    return path.as_uri()


@pytest.fixture(scope="module")
def full_address(example, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report with an account of a delivery."""
    path: Path = tmp_path_factory.mktemp("full") / "report.html"
    options = replace(example.options, delivery=a_delivery())
    write_report(path, example.cohort, example.graded, rule_sets=example.rules, options=options)
    return path.as_uri()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, headless=True, args=ARGUMENTS)
        yield opened
        opened.close()


class Watched:
    """A page with everything it asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda r: self.requests.append(r.url) if not r.url.startswith("data:") else None)
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda e: self.complaints.append(str(e)))


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    page = browser.new_page(viewport=DESK)
    page.set_default_timeout(10_000)
    yield Watched(page)
    page.close()


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


def course(address: str, place: int = 2) -> str:
    """Address of a course page; the third is the one with the unrecorded oxygen device."""
    return f"{address}#course-{place}"


def reasons(page: Page) -> Any:
    return page.locator("section:not([hidden]) .reasons")


def test_it_asks_for_nothing_and_complains_about_nothing(watched: Watched, address: str) -> None:
    page = watched.page
    page.goto(address)
    page.click("text=CRS-04")
    page.click("[data-wording=zh]")
    page.click("#theme")
    page.locator("section:not([hidden]) .twin summary").first.click()
    assert watched.requests == [address]
    assert watched.complaints == []


def test_the_text_for_the_unrecorded_device_can_be_read(page: Page, address: str) -> None:
    page.goto(course(address))
    assert reasons(page).locator("h2").inner_text() == "CRS 2 to 4: oxygen device not recorded"


def test_a_click_on_a_step_shows_its_reasons(page: Page, address: str) -> None:
    page.goto(course(address))
    ribbon = page.locator("section:not([hidden]) .ribbon").first
    box = ribbon.bounding_box()
    assert box is not None
    ribbon.click(position={"x": box["width"] * 0.33, "y": 30})
    panel = reasons(page)
    assert re.match(r"CRS 1\b", panel.locator("h2").inner_text())
    words = panel.inner_text()
    assert "Fever at least 38.0 °C without hypotension or hypoxia" in words
    assert "Fever: temperature at least 38.0 °C, no other cause" in words
    assert re.search(r"Body temperature: 3\d(\.\d)? °C, day \d, \d\d:\d\d \(source row vitals\.csv:\d+\)", words)
    assert "✓ met" in words
    assert "✕ not met" in words
    assert "doi:10.1016/j.bbmt.2018.12.758" in words
    assert "secondary, not verified" in words


def test_reasons_name_what_is_missing_and_what_it_would_change(page: Page, address: str) -> None:
    page.goto(course(address))
    words = reasons(page).inner_text()
    assert "Missing, and would change the answer" in words
    assert "? unknown" in words
    assert "Fever with hypotension needing several vasopressors" in words
    assert f"Choices for open points ({len(rule_set('astct-2019.crs').parameters)})" in words


def test_the_keyboard_reaches_every_step(page: Page, address: str) -> None:
    page.goto(course(address))
    ribbon = page.locator("section:not([hidden]) .ribbon").first
    ribbon.focus()
    page.keyboard.press("Home")
    assert ribbon.get_attribute("aria-valuenow") == "1"
    assert reasons(page).locator("h2").inner_text() == "CRS 0"
    page.keyboard.press("ArrowRight")
    assert ribbon.get_attribute("aria-valuenow") == "2"
    assert "CRS 1" in (ribbon.get_attribute("aria-valuetext") or "")
    page.keyboard.press("End")
    assert ribbon.get_attribute("aria-valuenow") == ribbon.get_attribute("aria-valuemax")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('reasons')")


def test_tab_shows_where_the_focus_is(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(6):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


def test_next_and_previous_walk_through_the_steps(page: Page, address: str) -> None:
    page.goto(course(address))
    before = reasons(page).locator(".steps-nav span").inner_text()
    reasons(page).get_by_role("button", name="Next step").click()
    after = reasons(page).locator(".steps-nav span").inner_text()
    assert int(after.split()[1]) == int(before.split()[1]) + 1
    assert page.evaluate("document.activeElement.textContent").startswith("Next step")


def test_the_reasons_can_be_read_in_chinese(page: Page, address: str) -> None:
    page.goto(course(address))
    page.click("[data-wording=zh]")
    assert reasons(page).locator("h2").inner_text() == "CRS 2 至 4：吸氧装置未记录"
    words = reasons(page).inner_text()
    assert "发热伴低血压需多种血管加压药" in words
    assert "? 未知" in words
    assert reasons(page).locator("span[lang=zh-Hans]").count() > 5


LEFT_IN_ENGLISH = r"""() => {
    const said = [];
    const root = document.documentElement;
    const isShown = (node) => {
        const english = node.closest("[lang=en]");
        const page = node.closest(".page");
        return !node.closest("script, style") && (!english || english === root) && !(page && page.hidden);
    };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) if (isShown(walk.currentNode.parentElement)) said.push(walk.currentNode.data.trim());
    for (const name of ["aria-label", "aria-valuetext", "title", "placeholder"])
        for (const part of document.querySelectorAll(`[${name}]`))
            if (isShown(part)) said.push(part.getAttribute(name));
    said.push(document.title);
    return [...new Set(said)].filter((text) => /[A-Za-z]{3}/.test(text));
}"""
# Names of scales, editions and files, units, zones, abbreviations of the field and what was delivered: the same everywhere.
SAME_IN_EVERY_LANGUAGE = (
    r"CRS(-\d+)?|ASTCT|ICAHT|EBMT|EHA|ICANS|ICE|CAR-T|vein2vein|UTC|Europe/\w+|English|mmHg|microg|mmol|min|csv|ICU|blow-by|"
    r"[a-z0-9-]+\.[a-z0-9-]+(:\d+)?|HFNC|BiPAP|CPAP|\bany\b|INTAKE-\d+|product A|large B-cell lymphoma"
)


@pytest.mark.parametrize("where", ["#cohort", "#course-0", "#course-1", "#course-2", "#course-5"])
def test_no_text_of_the_report_stays_english_in_chinese(page: Page, full_address: str, where: str) -> None:
    page.goto(full_address + where)
    page.click("[data-wording=zh]")
    page.evaluate("document.querySelectorAll('.page:not([hidden]) details').forEach((part) => { part.open = true; })")
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    left = [
        text
        for text in page.evaluate(LEFT_IN_ENGLISH)
        if re.search("[A-Za-z]{3}", re.sub(SAME_IN_EVERY_LANGUAGE, "", text))
    ]
    assert left == []


def test_switching_there_and_back_leaves_the_page_as_it_was(page: Page, address: str) -> None:
    page.goto(course(address))
    shown = "document.querySelector('.page:not([hidden])').innerHTML.replace(/ data-(en|zh)[a-z-]*=\"[^\"]*\"/g, '')"
    before = page.evaluate(shown)
    page.click("[data-wording=zh]")
    assert page.evaluate(shown) != before
    page.click("[data-wording=en]")
    assert page.evaluate(shown) == before


def test_a_report_can_open_in_chinese(page: Page, example, tmp_path: Path) -> None:
    options = replace(example.options, language="zh")
    write_report(tmp_path / "r.html", example.cohort, example.graded, rule_sets=example.rules, options=options)
    page.goto((tmp_path / "r.html").as_uri())
    assert page.locator("h1").first.inner_text() == "CAR-T 细胞回输后的毒性反应"
    assert page.get_attribute("[data-wording=zh]", "aria-pressed") == "true"
    assert page.title() == "CAR-T 细胞回输后的毒性反应"


def test_courses_can_be_filtered_and_sorted(page: Page, address: str) -> None:
    page.goto(address)
    shown = "#course-table tbody tr:not([hidden]) th a"
    page.select_option("#filter-scale", label="CRS · ASTCT 2019")
    page.select_option("#filter-grade", "3")
    assert page.locator(shown).all_inner_texts() == ["CRS-08", "CRS-07"]
    page.select_option("#filter-bound", "high")
    assert page.locator(shown).all_inner_texts() == ["CRS-08", "CRS-07", "CRS-04"]
    assert page.inner_text("#course-count") == "3 of 6 courses shown"
    page.select_option("#filter-grade", "0")
    page.select_option("#filter-order", "id")
    assert page.locator(shown).all_inner_texts()[0] == "CRS-01"
    page.fill("#filter-text", "crs-07")
    assert page.locator(shown).all_inner_texts() == ["CRS-07"]


def test_every_chart_has_a_table_twin(page: Page, address: str) -> None:
    page.goto(course(address, 1))
    view = page.locator("section:not([hidden]) .lanes:not([hidden])")
    assert view.locator("figure").count() == view.locator("figure .twin").count() >= 9
    for twin in view.locator(".twin").all():
        twin.locator("summary").click()
        twin.locator("tbody tr").first.wait_for()
    words = view.inner_text()
    assert "Norepinephrine 0.35 microg/kg/min; reason: Hypotension" in words
    assert "High-flow nasal cannula 40 L/min" in words


def test_every_possible_grade_is_in_the_words_of_the_scale(page: Page, address: str) -> None:
    page.goto(course(address))
    assert "CRS 2 to 4" in reasons(page).inner_text()
    lines = reasons(page).locator(".grade-line")
    assert lines.locator(".result").all_inner_texts() == ["2", "3", "4"]
    assert "needing one vasopressor" in lines.nth(1).inner_text()
    assert "possible: depends on what is missing" in lines.nth(1).inner_text()


def test_a_long_course_has_a_second_view(page: Page, address: str) -> None:
    page.goto(course(address, 4))
    page.get_by_role("button", name="Whole follow-up").click()
    view = page.locator("section:not([hidden]) .lanes:not([hidden])")
    assert view.get_attribute("data-view") == "1"
    assert float(view.get_attribute("data-end") or 0) > 95 * 24


def test_death_discharge_and_progression_are_marked(page: Page, address: str) -> None:
    page.goto(course(address, 0))
    assert "Death: Cytokine release syndrome" in page.locator("section:not([hidden]) .lanes svg").first.inner_html()
    page.goto(course(address, 3))
    marks = page.locator("section:not([hidden]) .lanes svg").first.inner_html()
    assert "Discharge from hospital" in marks
    assert "Progression or relapse" in marks


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("where", ["#cohort", "#course-2"])
def test_there_is_no_violation_of_wcag_22_aa(page: Page, address: str, where: str, theme: str) -> None:
    page.goto(address + where)
    if theme == "dark":
        page.click("#theme")
    # one table twin stands for all: they are made by the same code, and thousands of cells take minutes to examine
    page.evaluate(
        """() => document.querySelectorAll(".page:not([hidden]) details").forEach((part) => {
            part.open = !part.matches(".twin") || part.matches('[data-panel="drugs"]');
        })"""
    )
    if where != "#cohort":
        page.locator(".page:not([hidden]) .twin table").first.wait_for()
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


def test_on_a_phone_only_charts_and_tables_scroll_sideways(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for where in ("#cohort", "#course-2"):
        page.goto(address + where)
        page.reload()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    panel = reasons(page).bounding_box()
    assert panel is not None
    assert panel["width"] <= 390
    page.close()


def test_at_twice_the_size_nothing_is_lost(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 683, "height": 384})  # 1366 x 768 at 200 % zoom
    page.goto(course(address))
    assert page.evaluate("document.documentElement.scrollWidth") <= 683
    assert "CRS 2 to 4" in reasons(page).inner_text()
    page.close()


def test_text_is_never_smaller_than_fourteen_pixels(page: Page, address: str) -> None:
    page.goto(course(address))
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("section:not([hidden]) *, header *, footer *")]
            .filter((e) => !e.closest("svg") && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .map((e) => parseFloat(getComputedStyle(e).fontSize))"""
    )
    assert min(sizes) >= 14


def test_printing_keeps_the_reasons_and_hides_the_controls(page: Page, address: str) -> None:
    page.goto(course(address))
    page.emulate_media(media="print")
    assert not page.locator(".banner").is_visible()
    assert reasons(page).is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_without_script_every_page_can_still_be_read(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("h1").count() == 7
    assert page.locator(".all-steps").first.is_visible()
    context.close()
