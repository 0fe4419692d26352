"""Lymphodepletion held against the regimens that the label rows name: drugs, days, doses, and what is only not charted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.basis.ids import PatientId
from vein2vein.journey.assess import Assessor
from vein2vein.journey.assess.audit import audit
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Patient

US = default_library().get("reference-us.protocol", Protocol)
EU = default_library().get("reference.protocol", Protocol)
AXI, TISA = "axicabtagene-ciloleucel", "tisagenlecleucel"
DAYS = ("2026-02-27", "2026-02-28", "2026-03-01")
FLU_CY = {"fludarabine": 54.7, "cyclophosphamide": 915.0}


def _course(
    doses: Mapping[str, float],
    days: Sequence[float] = (-5, -4, -3),
    *,
    product: str = AXI,
    indication: str = "large-b-cell-lymphoma",
    is_charted: bool = False,
) -> PatientBuilder:
    """70 kg and 172.4 cm make 1.83 m2 (Mosteller); every drug in its mg on every day."""
    patient = a_patient("A", days=40).with_course(product=product, indication=indication)
    patient.with_value("weight", -8, 70).with_value("height", -8, 172.4).with_value("prior_lines", -40, 2)
    for day in (-7.5, -6.2, -5.2):
        patient.with_value("creatinine", day, 0.7)
    if is_charted:
        patient.with_exposure("charted", "lymphodepletion", -60, until=40)
    for day in days:
        for drug, milligrams in doses.items():
            patient.with_exposure("lymphodepletion", drug, day, amount=milligrams, amount_unit="mg")
    return patient


def _found(patient: PatientBuilder, *kinds: str, protocol: Protocol = US, day: float = 1) -> list[Deviation]:
    found = Assessor(patient.built(), protocol).at(INFUSED_AT + timedelta(days=day)).deviations
    return [d for d in found if d.kind in kinds]


def test_a_regimen_as_the_label_says_has_no_departure() -> None:
    assert _found(_course(FLU_CY, is_charted=True), "dose", "regimen") == []


def test_too_much_of_a_drug_is_found_without_the_other_drug() -> None:
    found = _found(_course({"fludarabine": 300.0}), "dose")
    assert [d.what.split(",")[0] for d in found] == [f"stop: Fludarabine 300 mg on {day}" for day in DAYS]


def test_a_drug_that_is_missing_is_a_departure_only_while_lymphodepletion_is_charted() -> None:
    assert _found(_course({"fludarabine": 54.7}), "regimen") == []
    (found,) = _found(_course({"fludarabine": 54.7}, is_charted=True), "regimen")
    assert "less than the nearest regimen of the label: Cyclophosphamide on 0 of 3 days" in found.what
    assert (found.at, found.file) == (INFUSED_AT, "us-label.flu-30-cy-500")


def test_a_day_that_is_missing_is_a_departure_only_while_lymphodepletion_is_charted() -> None:
    assert _found(_course(FLU_CY, (-4, -3)), "regimen") == []
    (found,) = _found(_course(FLU_CY, (-4, -3), is_charted=True), "regimen")
    assert "Fludarabine on 2 of 3 days, Cyclophosphamide on 2 of 3 days" in found.what


def test_days_beyond_those_of_the_regimen_are_named_when_they_are_over() -> None:
    found = _found(_course(FLU_CY, (-7, -6, -5, -4, -3)), "regimen")
    assert sorted({d.what.split(": ")[1] for d in found}) == [
        "day 4 of it, the regimens of the label give it on at most 3",
        "day 5 of it, the regimens of the label give it on at most 3",
    ]
    assert len(found) == 4
    assert _found(_course(FLU_CY, (-7, -6, -5, -4, -3)), "regimen", day=-4.9) == []


def test_a_regimen_that_is_repeated_weeks_later_is_counted_anew() -> None:
    assert _found(_course(FLU_CY, (-42, -41, -40, -5, -4, -3), is_charted=True), "regimen") == []


def test_a_drug_of_no_regimen_of_the_label_is_named_once() -> None:
    (found,) = _found(_course({"bendamustine": 160.0, "cyclophosphamide": 915.0}), "regimen")
    assert found.what.startswith("Bendamustine on 2026-02-27: in no lymphodepletion regimen that the label names")
    assert found.said["zh"].endswith("不属于说明书为该患者列出的任何清淋方案")


def test_a_regimen_of_another_disease_does_not_excuse_a_dose() -> None:
    lymphoma = _found(_course(FLU_CY, product=TISA), "dose")
    assert {d.file for d in lymphoma} == {"us-label.tisa-lbcl"}
    assert len(lymphoma) == 6


@pytest.mark.parametrize("indication", ["b-cell-acute-lymphoblastic-leukaemia", "large-b-cell-lymphoma"])
def test_a_european_course_is_held_against_the_regimens_that_its_label_lists(indication: str) -> None:
    over = _course({"fludarabine": 148.0, "cyclophosphamide": 1490.0}, product=TISA, indication=indication)
    over.with_value("prior_lines", -39, 2)
    found = _found(over, "dose", protocol=EU)
    assert {d.what.split(":")[0] for d in found} == {"stop"}
    assert len(found) == 6


def test_a_dose_without_an_amount_is_not_judged() -> None:
    patient = _course({})
    for day in (-5, -4, -3):
        patient.with_exposure("lymphodepletion", "fludarabine", day).with_exposure(
            "lymphodepletion", "cyclophosphamide", day
        )
    assert _found(patient, "dose", "regimen") == []


def test_an_audit_counts_drugs_and_days_with_what_cannot_be_said() -> None:
    courses = [
        _course(FLU_CY).built(),
        _course(FLU_CY, (-4, -3)).built(),
        _course(FLU_CY, (-4, -3), is_charted=True).built(),
        _course({"bendamustine": 160.0}).built(),
    ]
    (row,) = [
        row
        for row in audit(courses, US)
        if row.rule == "lymphodepletion with the drugs and days of a regimen of the label"
    ]
    assert (len(row.met), len(row.not_assessable), len(row.not_met), row.applicable) == (1, 1, 2, 4)


EU_ROW = "by the US label's regimen: the EU row eu-lbcl-3l names none"


@pytest.mark.parametrize(
    ("doses", "kind", "starts"),
    [
        ({"fludarabine": 300.0, "cyclophosphamide": 915.0}, "dose", "stop: Fludarabine 300 mg"),
        ({"fludarabine": 54.7}, "regimen", "lymphodepletion with less"),
        (FLU_CY | {"bendamustine": 160.0}, "regimen", "Bendamustine on 2026-02-27: in no lymphodepletion regimen"),
    ],
)
def test_a_regimen_of_another_label_says_that_the_row_here_names_none(
    doses: dict[str, float], kind: str, starts: str
) -> None:
    course = _course(doses, is_charted=True)
    told = [d for d in _found(course, kind, protocol=EU) if d.what.startswith(starts)]
    assert told
    assert all(d.what.endswith(f"({EU_ROW})") for d in told)
    assert all(d.said["zh"].endswith("（按美国说明书的方案：欧盟条目 eu-lbcl-3l 未列出方案）") for d in told)
    assert not any("label's regimen" in d.what for d in _found(course, kind, protocol=US))


def test_a_regimen_that_the_row_here_names_is_not_lent() -> None:
    over = _course(
        {"fludarabine": 148.0, "cyclophosphamide": 1490.0},
        product=TISA,
        indication="b-cell-acute-lymphoblastic-leukaemia",
    )
    over.with_course(
        product=TISA,
        indication="b-cell-acute-lymphoblastic-leukaemia",
        patient=Patient(PatientId("P-A"), date(2010, 5, 17), "female"),
    )
    assert _found(over, "dose", protocol=EU)
    assert not any("label's regimen" in d.what for d in _found(over, "dose", "regimen", protocol=EU))


def test_an_audit_and_the_next_step_name_the_label_that_lends_its_regimen() -> None:
    timeline = _course(FLU_CY, is_charted=True).built()
    rules = {row.rule: row for row in audit([timeline], EU)}
    for rule in ("daily doses of lymphodepletion within the limits", "infused inside the window after lymphodepletion"):
        assert rules[f"{rule} ({EU_ROW})"].applicable == 1
    before = Assessor(_course({}).built(), EU).at(INFUSED_AT - timedelta(days=8)).ready
    assert [(id, lent.said["en"]) for id, lent in before.lent.items()] == [("us-label.flu-30-cy-500", EU_ROW)]
    assert Assessor(_course({}).built(), US).at(INFUSED_AT - timedelta(days=8)).ready.lent == {}


def test_where_no_row_fits_the_regimens_of_the_product_say_so() -> None:
    course = _course({}, indication="follicular-lymphoma").with_value("prior_lines", -39, 1)
    lent = Assessor(course.built(), EU).at(INFUSED_AT - timedelta(days=8)).ready.lent
    assert [one.said["en"] for one in lent.values()] == ["by the US label's regimen: no label row of EU fits"]


@pytest.mark.parametrize(
    ("milligrams", "levels"),
    [(548.0, []), (549.0, []), (915.0, []), (960.0, []), (970.0, ["flag"]), (1100.0, ["stop"])],
)
def test_a_dose_anywhere_in_the_range_of_the_source_is_as_the_label_says(milligrams: float, levels: list[str]) -> None:
    """Cyclophosphamide 300 to 500 mg/m2 at 1.83 m2: 549 to 915 mg; flagged beyond 5 %."""
    china = US.model_copy(update={"jurisdiction_of_labels": "CN"})
    doses = {"fludarabine": 54.9, "cyclophosphamide": milligrams}
    course = _course(doses, product="equecabtagene-autoleucel", indication="multiple-myeloma").with_value(
        "prior_lines", -39, 3
    )
    found = _found(course, "dose", protocol=china)
    assert [d.what.split(":")[0] for d in found] == levels * 3
