"""The page of a handover: treatment is never cut nor shortened, everything else is cut first, a second page if need be."""

from __future__ import annotations

import re
import sys

import pytest

from vein2vein.errors import Fault, ReportError
from vein2vein.report.handover.content import Handover, Section
from vein2vein.report.handover.page import _section, as_pdf

pytest.importorskip("typst")


def _page(*sections: Section) -> Handover:
    return Handover("Handover", (("Course", "C-1"),), sections, "foot", "and {} more: see the text")


def _n_pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_kept_lines_stand_whole_and_the_rest_is_counted() -> None:
    drug = "give Dexamethasone " + "x" * 400
    section = Section("Advice", (drug, *(f"test {n}" for n in range(5))), is_grave=True, kept=1)
    assert _section(section, 0, "and {} more")["lines"] == [drug, "and 5 more"]
    assert _section(section, 2, "and {} more")["lines"] == [drug, "test 0", "test 1", "and 3 more"]


def test_a_line_that_is_shortened_ends_with_a_whole_statement() -> None:
    text = "; ".join(f"{n} mg of something" for n in range(30))
    (cut,) = _section(Section("Beside", (text,)), 3, "and {} more")["lines"]
    assert re.fullmatch(r"0 mg of something(; \d+ mg of something)+; \.\.\.", cut)


def test_what_is_long_and_not_treatment_is_cut_to_one_page() -> None:
    tests = tuple(f"test number {n}" for n in range(200))
    assert _n_pages(as_pdf(_page(Section("Advice", ("give a drug", *tests), is_grave=True, kept=1)))) == 1


def test_treatment_that_does_not_fit_takes_a_second_page() -> None:
    drugs = tuple(f"give drug number {n}" for n in range(100))
    assert _n_pages(as_pdf(_page(Section("Advice", drugs, is_grave=True, kept=100)))) == 2


def test_without_the_extra_that_sets_pages_the_reader_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ReportError) as caught:
        as_pdf(_page(Section("Advice", ("give a drug",), is_grave=True, kept=1)))
    assert caught.value.fault == Fault(
        "REPORT-008",
        saw="no module that sets pages",
        expected="the extra `pdf`",
        fix='install it with `pip install "vein2vein[pdf]"`, or print the text or the JSON instead',
    )
