"""Product, cells and lymphodepletion held against label, regimen and the limits of the protocol."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.journey.assess import Assessor
from vein2vein.journey.assess.audit import audit
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.report.handover.content import handover

US = default_library().get("reference-us.protocol", Protocol)
AXI = "axicabtagene-ciloleucel"


def _course(*, last: int = -3, flu: float = 54.7, indication: str = "large-b-cell-lymphoma") -> PatientBuilder:
    """70 kg and 172.4 cm make 1.83 m2 (Mosteller); fludarabine 30 mg/m2 and cyclophosphamide 500 mg/m2 on three days."""
    patient = a_patient("A", days=40).with_course(product=AXI, indication=indication)
    patient.with_value("weight", -36, 70).with_value("weight", -8, 70).with_value("height", -8, 172.4)
    patient.with_value("creatinine", -5.2, 0.7).with_value("creatinine", -6.2, 0.7)
    patient.with_milestone("apheresis", -35)
    for day in (last - 2, last - 1, last):
        patient.with_exposure("lymphodepletion", "fludarabine", day, amount=flu, amount_unit="mg")
        patient.with_exposure("lymphodepletion", "cyclophosphamide", day, amount=915.0, amount_unit="mg")
    return patient


def _found(patient: PatientBuilder, day: float, *kinds: str) -> list[Deviation]:
    found = Assessor(patient.built(), US).at(INFUSED_AT + timedelta(days=day)).deviations
    return [d for d in found if d.kind in kinds]


def test_a_course_as_the_label_says_has_none() -> None:
    patient = _course().with_value("prior_lines", -40, 2)
    patient.with_exposure("cell_product", AXI, 0, amount=140.0, amount_unit="10*6")
    assert _found(patient, 5, "dose", "outside-window", "outside-label") == []


@pytest.mark.parametrize(("flu", "level"), [(54.7, None), (57.0, None), (58.5, "flag"), (62.0, "stop"), (47.0, "stop")])
def test_a_dose_of_lymphodepletion_is_flagged_and_stopped_by_the_limits_of_the_protocol(
    flu: float, level: str | None
) -> None:
    found = _found(_course(flu=flu), 0.5, "dose")
    assert {d.what.split(":")[0] for d in found} == ({level} if level else set())
    assert len(found) == (3 if level else 0)
    assert all("Fludarabine" in d.what for d in found)


def test_a_dose_without_a_height_is_not_judged() -> None:
    bare = _course(flu=60).built()
    rows = tuple(o for o in bare.observations if o.kind != "height")
    found = Assessor(replace(bare, observations=rows), US).at(INFUSED_AT)
    assert [d for d in found.deviations if d.kind == "dose"] == []
    assert "Body height" in {one.needs["en"] for one in found.unjudged}


def test_a_dose_is_known_when_its_day_is_over() -> None:
    assert _found(_course(flu=80), -5 + 0.2, "dose") == []
    assert len(_found(_course(flu=80), -4 + 0.2, "dose")) == 1


@pytest.mark.parametrize(("last", "is_outside"), [(-2, True), (-3, False), (-4, True)])
def test_an_infusion_outside_the_window_is_named(last: int, is_outside: bool) -> None:
    found = _found(_course(last=last), 1, "outside-window")
    assert bool(found) is is_outside
    assert all(d.at == INFUSED_AT for d in found)


def test_a_regimen_of_other_drugs_has_no_window_here() -> None:
    patient = _course(last=-9).with_exposure("lymphodepletion", "bendamustine", -9, amount=160.0, amount_unit="mg")
    assert _found(patient, 1, "outside-window") == []


def test_a_disease_that_no_row_of_the_label_names_is_outside_it() -> None:
    (found,) = _found(_course(indication="multiple-myeloma"), 1, "outside-label")
    assert found.file == AXI or found.file.startswith(AXI)
    assert "no row of the label fits" in found.what


def test_another_word_for_the_disease_is_not_held_against_the_label() -> None:
    assert _found(_course(indication="lymphoma, not otherwise said"), 1, "outside-label") == []


@pytest.mark.parametrize(("cells", "is_outside"), [(140.0, False), (200.0, False), (210.0, True)])
def test_cells_over_the_range_of_the_label_are_named(cells: float, is_outside: bool) -> None:
    patient = _course().with_exposure("cell_product", AXI, 0, amount=cells, amount_unit="10*6")
    found = [d for d in _found(patient, 1, "dose") if "cells" in d.what]
    assert bool(found) is is_outside


def _typed(first: str | None, second: str | None, antigen: str | None = "yes") -> PatientBuilder:
    product = "afamitresgene-autoleucel"
    patient = a_patient("A", days=40).with_course(product=product, indication="synovial-sarcoma")
    for kind, code in (("hla_a_first", first), ("hla_a_second", second), ("mage_a4_positive", antigen)):
        if code is not None:
            patient.with_statement(kind, -30, code)
    return patient.with_exposure("cell_product", product, 0, amount=5000.0, amount_unit="10*6")


TYPING = [
    ("a-02-01p", "other", "yes", Truth.TRUE),
    ("a-02-01p", "a-02-05p", "yes", Truth.FALSE),
    ("other", "other", "yes", Truth.FALSE),
    ("a-02-01p", "other", "no", Truth.FALSE),
    ("a-02-01p", None, "yes", Truth.UNKNOWN),
    ("a-02-01p", "other", None, Truth.UNKNOWN),
]


@pytest.mark.parametrize(("first", "second", "antigen", "met"), TYPING)
def test_an_infusion_against_the_typing_gate_is_outside_the_label(
    first: str | None, second: str | None, antigen: str | None, met: Truth
) -> None:
    found = [d for d in _found(_typed(first, second, antigen), 1, "outside-label") if "typing" in d.what]
    assert len(found) == (met is Truth.FALSE)
    assert all("none of A*02:05P; tumour positive for MAGE-A4" in d.what for d in found)


def test_an_audit_counts_typing() -> None:
    courses = [_typed(first, second, antigen).built() for first, second, antigen, _ in TYPING]
    (row,) = [row for row in audit(courses, US) if row.rule == "infused with typing that the label asks for"]
    assert (len(row.met), len(row.not_met), len(row.not_assessable)) == (1, 3, 2)


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ("other", ("met [us]", "符合 [us]")),
        ("a-02-05p", ("NOT met: the product cannot work [us]", "不符合：该产品不起作用 [us]")),
        (None, ("cannot be settled: needs", "无法确定：需要")),
    ],
)
def test_before_the_infusion_the_typing_gate_is_told(second: str | None, says: tuple[str, str]) -> None:
    at = INFUSED_AT - timedelta(days=10)
    found = Assessor(_typed("a-02-01p", second).built(), US).at(at)
    for language, text in zip(("en", "zh"), says, strict=True):
        lines = [line for section in handover(found, {}, language=language).sections for line in section.lines]
        assert any("A*02:05P" in line and text in line for line in lines)


def test_a_child_is_outside_a_label_for_adults() -> None:
    patient = _course().with_value("prior_lines", -40, 2)
    timeline = patient.built()
    child = replace(timeline.course.patient, born_on=date(2016, 1, 1))
    timeline = replace(timeline, course=replace(timeline.course, patient=child))
    found = Assessor(timeline, US).at(INFUSED_AT + timedelta(days=1)).deviations
    assert ["no row of the label fits" in d.what for d in found if d.kind == "outside-label"] == [True]
