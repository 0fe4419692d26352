"""Sources side by side in a handover: agreement first and short, then contradictions, differences, single voices, silent ones."""

from __future__ import annotations

from datetime import timedelta

from builders import INFUSED_AT, severe
from vein2vein.journey.assess import assess
from vein2vein.journey.guidance.advise import Desk
from vein2vein.journey.guidance.compare import Quiet, compare, quiet
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.beside import compared_lines
from vein2vein.report.handover.voice import Voice

AT = INFUSED_AT + timedelta(days=4)
SOURCES = ("asco-2021.guidance", "ebmt-2022.guidance", "breyanzi-us.guidance")


def _lines(language: str) -> tuple[tuple[str, ...], int]:
    desk = Desk.of(SOURCES)
    advice = desk.advise(severe(), AT)
    found = assess(severe(), default_library().get("reference.protocol", Protocol), AT)
    return compared_lines(compare(advice), quiet(advice), Voice(found, desk.drugs, language))


def test_agreement_stands_first_and_doses_stand_on_every_page() -> None:
    lines, n_kept = _lines("en")
    assert lines[0].startswith("Agree (asco-2021.guidance, ebmt-2022.guidance): ")
    assert "move to Intensive care unit" in lines[0]
    assert all("(differ in detail): " in line or "(contradict): " in line for line in lines[1:n_kept])
    only = [line for line in lines if line.startswith("Only ")]
    assert len(only) == len({line.split(":")[0] for line in only})
    assert lines[-1] == ("breyanzi-us.guidance: says nothing: outside the patients that the source is meant for")


def test_the_same_in_chinese() -> None:
    lines, _ = _lines("zh")
    assert lines[0].startswith("一致（asco-2021.guidance, ebmt-2022.guidance）：")
    assert lines[-1] == "breyanzi-us.guidance: 无建议：不属于该来源适用的患者"


def test_where_no_source_speaks_only_the_silent_are_named() -> None:
    desk = Desk.of(SOURCES)
    found = assess(severe(), default_library().get("reference.protocol", Protocol), AT)
    lines, n_kept = compared_lines((), (Quiet("a.guidance", "no row applies"),), Voice(found, desk.drugs, "en"))
    assert (lines, n_kept) == (("a.guidance: says nothing: no row applies",), 0)
