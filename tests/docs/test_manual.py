"""The chapters of rules by example: every spec stands in them, with the verdicts that the engines are held to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tool_modules import load_tool
from vein2vein.knowledge.registry import default_registry

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="module")
def manual() -> ModuleType:
    return load_tool("manual")


@pytest.fixture(scope="module")
def pages(manual: ModuleType) -> dict[str, str]:
    found: dict[str, str] = manual.manual_pages(lambda id: f"rules/{id}.md")
    return found


def test_every_folder_of_specs_is_a_chapter(manual: ModuleType, repository: Path) -> None:
    folders = {path.parent.name for path in (repository / "tests" / "spec").glob("*/test_*.py")}
    assert folders == set(manual.CHAPTERS)


def test_every_spec_is_a_paragraph_with_a_sentence(pages: dict[str, str], repository: Path) -> None:
    """Counted from the text of the files, so that a spec that the generator cannot see is noticed."""
    files = list((repository / "tests" / "spec").glob("*/test_*.py"))
    functions = sum(file.read_text(encoding="utf-8").count("\ndef test_") for file in files)
    text = "\n".join(pages.values())
    assert text.count("\n### ") == functions
    assert text.count("\n## ") == len(files) + 1
    assert "None" not in text


def test_a_paragraph_shows_course_verdict_and_rule_set(pages: dict[str, str]) -> None:
    page = pages["manual/1-crs-astct.md"]
    assert "| 3 h | body temperature 38.0 Cel |" in page
    assert "| 3 h | **1** |" in page
    assert "(../rules/astct-2019.crs.md)" in page


def test_the_same_patient_stands_in_one_row(pages: dict[str, str]) -> None:
    row = next(line for line in pages["manual/2-crs-other.md"].splitlines() if "32" in line and "nasal" in line)
    assert row.count("**2**") == 6
    assert row.count("**3**") == 1


def test_every_rule_set_of_the_manual_exists(manual: ModuleType, repository: Path) -> None:
    """Each stands in a spec or in a chapter of worked cases; only laboratory terms that read like those shown are left out."""
    shown = set()
    for file in (repository / "tests" / "spec").glob("*/test_*.py"):
        module = manual.load(file)
        for name, function in vars(module).items():
            if name.startswith("test_"):
                shown |= {told.rule_set for told in manual.told_by(function)}
    ids = set(default_registry().ids)
    assert shown <= ids
    by_cases = "".join(manual.case_pages(lambda id: f"rules/{id}.md").values())
    left_out = {id for id in ids - shown if not id.startswith("ctcae-") and f"`{id}`" not in by_cases}
    assert left_out == set(), "rule sets without any spec or chapter"


def test_a_chapter_of_cases_shows_each_worked_case(manual: ModuleType) -> None:
    pages = manual.case_pages(lambda id: f"rules/{id}.md")
    for about in manual.BY_CASES:
        page = pages[f"manual/cases-{about}.md"]
        rules = [rule for rule in default_registry().all() if rule.about == about]
        assert page.count("\n## ") == len(rules) > 0
        rows = sum(line.startswith("| ") for line in page.splitlines())
        assert rows == sum(len(rule.worked_cases) + 2 for rule in rules)
