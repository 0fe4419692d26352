"""The patient at the head of a handover: who, how now, what runs, what was given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient, not_infused
from vein2vein.journey.assess import assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Timeline
from vein2vein.report.handover.content import handover

US = default_library().get("reference-us.protocol", Protocol)


def _ill() -> PatientBuilder:
    return (
        a_patient("A", days=20)
        .with_value("weight", -20, 70)
        .with_value("body_temperature", -1, 36.4)
        .with_value("body_temperature", 3, 39.1)
        .with_exposure("oxygen", "nasal-cannula", 2, until=2.5, rate=2.0, rate_unit="L/min")
        .with_exposure("vasopressor", "norepinephrine", 2.9, until=5, rate=0.1, rate_unit="ug/kg/min")
        .with_exposure("anticytokine", "tocilizumab", 2, amount=560.0, amount_unit="mg")
        .with_exposure("anticytokine", "tocilizumab", 2.5, amount=560.0, amount_unit="mg")
        .with_exposure("anticytokine", "tocilizumab", 4, amount=560.0, amount_unit="mg")
        .with_exposure("corticosteroid", "dexamethasone", -10, amount=8.0, amount_unit="mg")
    )


def _head(course: Timeline, day: float, language: str = "en") -> dict[str, str]:
    return dict(handover(assess(course, US, INFUSED_AT + timedelta(days=day)), {}, language=language).head)


def test_the_head_tells_the_patient_as_of_the_instant() -> None:
    head = _head(_ill().built(), 3.1)
    assert head["Patient"] == "57 years, female, Body weight 70 kg (02-12 10:30)"
    assert head["Last signs"] == "Body temperature 39.1 °C (03-07 10:30)"
    assert head["Running"] == "Vasopressor infusion: Norepinephrine 0.1 microg/kg/min"
    assert head["Given so far"] == "Tocilizumab x 2 (last 03-06 22:30)"


def test_signs_and_drugs_count_from_the_infusion_on() -> None:
    head = _head(_ill().built(), 1)
    assert not {"Last signs", "Running", "Given so far"} & set(head)


@pytest.mark.parametrize("day", [2.5, 5])
def test_what_ended_at_the_instant_runs_no_more(day: float) -> None:
    assert "Nasal" not in _head(_ill().built(), day).get("Running", "")
    assert ("Norepinephrine" in _head(_ill().built(), day).get("Running", "")) is (day < 5 and day >= 2.9)


def test_before_an_infusion_only_the_person_is_told() -> None:
    course = not_infused()
    assert set(_head(course, -1)) == {"Course", "At", "Product", "Patient", "Stage", "Protocol"}


def test_the_head_speaks_chinese() -> None:
    head = _head(_ill().built(), 3.1, "zh")
    assert head["患者"].startswith("57 岁、女、体重 70 kg")
    assert head["已用药物"] == "托珠单抗 2 次（末次 03-06 22:30）"


def test_earlier_doses_of_a_limited_drug_count_and_infusions_run() -> None:
    patient = (
        a_patient("A", days=20)
        .with_exposure("anticytokine", "tocilizumab", -10, amount=560.0, amount_unit="mg")
        .with_exposure("anticytokine", "tocilizumab", 1.3, amount=560.0, amount_unit="mg")
        .with_exposure("anticytokine", "anakinra", 1.3, until=4, rate=5.0, rate_unit="mg/h")
        .with_exposure("corticosteroid", "methylprednisolone", 1.3, until=4)
        .with_exposure("growth_factor", "filgrastim", 1.5, amount=300.0, amount_unit="ug")
    )
    head = _head(patient.built(), 2)
    assert head["Running"] == "Anticytokine therapy: Anakinra 5 mg/h (since 03-05 17:42)"
    assert head["Given so far"] == (
        "Tocilizumab x 2 (last 03-05 17:42), 1 of them before the infusion, "
        "Methylprednisolone x 1 (last 03-05 17:42), end not recorded, Filgrastim x 1 (last 03-05 22:30)"
    )
