"""The page of a handover: treatment is never cut nor shortened, everything else is cut first, a second page if need be."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from vein2vein.errors import Fault, ReportError
from vein2vein.report.handover import page as page_module
from vein2vein.report.handover.content import Handover, Section
from vein2vein.report.handover.page import _section, as_pdf

pytest.importorskip("typst")


def _page(*sections: Section) -> Handover:
    return Handover("Handover", (("Course", "C-1"),), sections, "foot", "and {} more: see the text", "not here: {}")


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


def _twenty_lines(_: object, page: dict[str, Any], __: str) -> tuple[bytes, int]:
    """Stands in for the setter: twenty lines go on a page, a title is a line; returns what stands there."""
    lines = [line for section in page["sections"] for line in (section["title"], *section["lines"])]
    lines += [page["elsewhere"]] if page["elsewhere"] else []
    return "\n".join(lines).encode(), -(-len(lines) // 20)


@pytest.mark.parametrize(
    ("n_kept", "shows", "names"),
    [
        (2, ["visit 5", "file 5"], None),
        (13, ["visit 2", "and 6 more: see the text"], "not here: Files (30)"),
        (18, [], "not here: Due (9); Files (30)"),
    ],
)
def test_files_give_way_before_visits_and_what_a_page_shows_nothing_of_is_named(
    monkeypatch: pytest.MonkeyPatch, n_kept: int, shows: list[str], names: str | None
) -> None:
    monkeypatch.setattr(page_module, "_set", _twenty_lines)
    kept = tuple(f"give drug number {n}" for n in range(n_kept))
    due = Section("Due", tuple(f"visit {n}" for n in range(9)))
    files = Section("Files", tuple(f"file {n}" for n in range(30)), is_background=True)
    said = as_pdf(_page(Section("Advice", kept, is_grave=True, kept=n_kept), due, files)).decode().splitlines()
    assert len(said) <= 20
    assert set(kept) | set(shows) <= set(said)
    assert [line for line in said if line.startswith("not here")] == ([] if names is None else [names])


def test_room_that_is_left_goes_to_the_first_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "_set", _twenty_lines)
    advice = Section("Advice", tuple(f"drug {n}" for n in range(10)), is_grave=True, kept=10)
    others = (Section(f"Part {n}", tuple(f"{n}.{line}" for line in range(9))) for n in range(4))
    said = as_pdf(_page(advice, *others)).decode().splitlines()
    assert said[11:] == [
        "Part 0",
        "0.0",
        "0.1",
        "0.2",
        "and 6 more: see the text",
        "not here: Part 1 (9); Part 2 (9); Part 3 (9)",
    ]


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
