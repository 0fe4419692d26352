"""What hangs on a grade that nobody looks at any more is told in one line without doses; everything else as ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import CHARTED, INFUSED_AT, PatientBuilder, a_patient, severe
from vein2vein.journey.assess import Assessment, assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Timeline
from vein2vein.report.handover.content import handover
from vein2vein.report.handover.plain import as_plain

US = default_library().get("reference-us.protocol", Protocol)


def _clinic() -> PatientBuilder:
    """Half a year later in the clinic: a weight, and nothing of CRS or ICANS for months."""
    return a_patient("A", days=400).with_value("weight", 199.9, 78).with_exposure("charted", "oxygen", -30, until=400)


def _found(timeline: Timeline, day: float) -> Assessment:
    return assess(timeline, US, INFUSED_AT + timedelta(days=day))


def _asco(found: Assessment, language: str = "en") -> tuple[str, ...]:
    return next(s.lines for s in handover(found, {}, language=language).sections if "asco-2021.guidance" in s.title)


def _crs(found: Assessment) -> bool:
    return next(grade.is_idle for grade in found.grades if grade.subject == "crs")


@pytest.mark.parametrize(
    ("language", "begins", "names"),
    [
        ("en", "not looked at now: CRS · ASTCT 2019 0 to ", ("Intensive care unit", "Neurology", "tests and measures")),
        ("zh", "目前无人评估：CRS · ASTCT 2019 0 至 ", ("重症监护病房", "神经内科会诊", "项检查与措施")),
    ],
)
def test_half_a_year_later_a_source_says_in_one_line_what_an_unknown_grade_might_bring(
    language: str, begins: str, names: tuple[str, ...]
) -> None:
    found = _found(_clinic().built(), 200)
    assert _crs(found)
    first, *rest = _asco(found, language)
    assert first.startswith(begins)
    assert all(name in first for name in names)
    assert "mg" not in first
    assert len(rest) <= 3
    # The data for programs keep every proposal with its dose.
    assert len(next(a for a in as_plain(found, {})["advice"] if a["id"] == "asco-2021.guidance")["proposals"]) > 10


def test_what_must_not_be_given_is_told_as_ever() -> None:
    first, *rest = _asco(_found(_clinic().built(), 200))
    assert [line.split(" (")[0] for line in rest if "do not give" in line] == [
        "may apply: do not give GM-CSF", "may apply: do not give tocilizumab",
    ]  # fmt: skip
    assert "GM-CSF" not in first


def test_a_new_temperature_brings_the_lines_back() -> None:
    found = _found(_clinic().with_value("body_temperature", 199.9, 38.6).built(), 200)
    assert not _crs(found)
    assert any("Antipyretics" in line or "Blood and other cultures" in line for line in _asco(found)[1:])


def test_a_gap_of_charting_in_a_syndrome_that_is_not_over_hides_nothing() -> None:
    """CRS of grade 3 was there when somebody last looked: its treatment is not folded away because nobody charts."""
    timeline = severe()
    peak = max(
        (day / 4 for day in range(4, 60)),
        key=lambda day: next(g.bounds.low for g in _found(timeline, day).grades if g.subject == "crs" and g.bounds),
    )
    cut = timeline.until(INFUSED_AT + timedelta(days=peak))
    found = _found(cut, peak + 2)
    assert not _crs(found)
    assert not _asco(found)[0].startswith("not looked at now: CRS")


def test_a_syndrome_that_was_over_when_last_looked_at_is_idle_later() -> None:
    patient = a_patient("A", days=400).with_charting(*CHARTED).with_fever(2, until=4)
    found = _found(patient.with_vitals(gaps=((14, 400),)).built(), 200)
    worst = next(grade.worst for grade in found.grades if grade.subject == "crs")
    assert worst is not None
    assert worst.low >= 1
    assert _crs(found)
