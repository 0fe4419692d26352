"""Grades in a handover: why they stand where they do, and which edition a source means."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient, unrecorded_device
from vein2vein.journey.assess import assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Timeline
from vein2vein.report.handover.content import Section, handover

US = default_library().get("reference-us.protocol", Protocol)
KITE = US.model_copy(update={"guidance": ("yescarta-us-2022.guidance",)})


def _febrile() -> PatientBuilder:
    patient = a_patient("A", days=20).with_course(product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma")
    return patient.with_fever(1.2, until=4).with_vitals(every_hours=2).with_charting()


def _sections(course: Timeline, day: float, language: str = "en", protocol: Protocol = US) -> dict[str, Section]:
    found = assess(course, protocol, INFUSED_AT + timedelta(days=day))
    return {section.title: section for section in handover(found, {}, language=language).sections}


def _crs(course: Timeline, day: float, language: str = "en") -> str:
    grades = _sections(course, day, language)["Grades" if language == "en" else "分级"]
    (line,) = (line for line in grades.lines if "[astct-2019.crs]" in line)
    return line


@pytest.mark.parametrize(
    ("language", "says"), [("en", ": 2 to 4 (oxygen device not recorded);"), ("zh", "：2 至 4（吸氧装置未记录）；")]
)
def test_an_open_grade_says_what_is_missing(language: str, says: str) -> None:
    assert _crs(unrecorded_device(), 4.3, language).startswith(f"CRS · ASTCT 2019 [astct-2019.crs]{says}")


def test_a_settled_grade_says_what_the_scale_says_of_it() -> None:
    assert _crs(unrecorded_device(), 4).startswith("CRS · ASTCT 2019 [astct-2019.crs]: 1 (Fever")


def test_a_grade_of_nothing_gives_no_reason() -> None:
    assert _crs(_febrile().built(), 0.5).startswith("CRS · ASTCT 2019 [astct-2019.crs]: 0; since")


def test_a_source_that_means_another_edition_says_so_first() -> None:
    told = _sections(_febrile().built(), 2, protocol=KITE)[
        "Yescarta US label since 2022 [yescarta-us-2022.guidance, uncertain]"
    ]
    assert told.lines[0] == "the source means lee-2014.crs; graded here by CRS · ASTCT 2019"
    assert told.kept >= 1


def test_a_source_that_means_the_same_edition_says_nothing_of_it() -> None:
    told = _sections(_febrile().built(), 2)["ASCO 2021 guidance on CRS and ICANS [asco-2021.guidance, secondary]"]
    assert not any("the source means" in line for line in told.lines)
