"""Response at each time point: judged or stated in its window, later, not at all, or not to be said."""

from __future__ import annotations

import pytest

from builders import PatientBuilder, a_patient
from vein2vein.journey.assess.audit import Adherence, audit
from vein2vein.journey.assess.responded import responded
from vein2vein.journey.response import Criteria
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library

US = default_library().get("reference-us.protocol", Protocol)
ALL = "b-cell-acute-lymphoblastic-leukaemia"


def _patient(name: str = "A", *, indication: str | None = ALL) -> PatientBuilder:
    return a_patient(name, days=120).with_course(product="tisagenlecleucel", indication=indication)


def _became(patient: PatientBuilder, day: float) -> dict[str, str]:
    timeline, at = patient.built(), patient.at(day)
    criteria = Criteria.of(timeline.course.indication, US, default_library())
    return {one.item.name: one.became for one in responded(timeline.until(at), at, criteria)}


@pytest.mark.parametrize(
    ("day", "became"),
    [
        (24, "not assessed"), (25, "in time"), (31, "in time"), (32, "late"), (82, "late"), (83, "not assessed"),
    ],
)  # fmt: skip
def test_a_stated_response_counts_in_the_window_and_late_up_to_the_next_one(day: float, became: str) -> None:
    patient = _patient().with_statement("response_assessment", day, "complete-response")
    assert _became(patient, 95)["restaging-1"] == became


@pytest.mark.parametrize(
    ("day", "names"), [(31, []), (32, ["restaging-1"]), (97, ["restaging-1"]), (98, ["restaging-1", "restaging-3"])]
)
def test_only_windows_that_are_over_are_told(day: float, names: list[str]) -> None:
    assert sorted(_became(_patient(), day)) == names


def test_measures_that_leave_one_category_are_a_response_and_others_leave_it_open() -> None:
    relapsed = _patient().with_value("marrow_blasts", 28, 60.0)
    assert _became(relapsed, 40) == {"restaging-1": "in time"}
    partly = _patient().with_value("marrow_blasts", 28, 2.0)
    assert _became(partly, 40) == {"restaging-1": "open"}


@pytest.mark.parametrize("indication", [None, "gastric-or-gej-adenocarcinoma"])
def test_without_criteria_it_is_open_unless_somebody_stated_a_response(indication: str | None) -> None:
    assert _became(_patient(indication=indication), 40) == {"restaging-1": "open"}
    stated = _patient(indication=indication).with_statement("response_assessment", 28, "partial-response")
    assert _became(stated, 40) == {"restaging-1": "in time"}


def test_nothing_is_owed_after_a_death_and_before_an_infusion() -> None:
    assert _became(_patient().with_milestone("death", 30.0, "progression"), 100) == {}
    assert _became(_patient().with_milestone("death", 33.0, "progression"), 100) == {"restaging-1": "not assessed"}
    seen = (
        _patient().with_statement("response_assessment", 27, "complete-response").with_milestone("death", 30.0, "crs")
    )
    assert _became(seen, 100) == {"restaging-1": "in time"}


def test_an_audit_counts_each_time_point() -> None:
    courses = [_patient("never")]
    for name, day in (("in time", 27), ("late", 36)):
        courses.append(_patient(name).with_statement("response_assessment", day, "complete-response"))
    courses.append(_patient("open").with_value("marrow_blasts", 28, 2.0))
    table = audit([c.built() for c in courses], US, at=courses[0].at(95))
    (row,) = [r for r in table if r.rule.startswith("response judged by the criteria")]
    assert (row.met, row.late, row.not_met, row.not_assessable) == (["in time"], ["late"], ["never"], ["open"])
    assert row.file == "clinic-2026.schedule"
    assert "(Day 28: restaging" in row.rule
    assert row.said["zh"].startswith("已按方案标准评定疗效")
    assert isinstance(row, Adherence)
