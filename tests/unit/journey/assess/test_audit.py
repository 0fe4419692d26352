"""Adherence over a cohort: what a course does not concern is not counted, what nobody can say is neither met nor not met."""

from __future__ import annotations

from builders import PatientBuilder, a_patient
from vein2vein.journey.assess.audit import Adherence, audit
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library

US = default_library().get("reference-us.protocol", Protocol)
AXI = "axicabtagene-ciloleucel"
WINDOW = "infused inside the window after lymphodepletion"


def _course(name: str, last: int | None, *, doses: tuple[float, ...] = ()) -> PatientBuilder:
    patient = a_patient(name, days=40).with_course(product=AXI, indication="large-b-cell-lymphoma")
    for day in () if last is None else (last - 2, last - 1, last):
        patient.with_exposure("lymphodepletion", "fludarabine", day, amount=54.9, amount_unit="mg")
        patient.with_exposure("lymphodepletion", "cyclophosphamide", day, amount=915.0, amount_unit="mg")
    for day in doses:
        patient.with_exposure("anticytokine", "tocilizumab", day)
    return patient


def _row(table: tuple[Adherence, ...], rule: str) -> Adherence:
    return next(row for row in table if rule in row.rule)


def test_each_course_stands_in_one_column() -> None:
    table = audit([_course(n, last).built() for n, last in (("in", -3), ("out", -9), ("none", None))], US)
    row = _row(table, WINDOW)
    assert (row.met, row.not_met, row.not_assessable) == (["in"], ["out"], ["none"])
    assert row.applicable == 3


def test_a_drug_that_was_not_given_concerns_nobody() -> None:
    assert not any("Tocilizumab" in row.rule for row in audit([_course("A", -3).built()], US))


def test_a_drug_over_its_limit_is_not_met() -> None:
    courses = [_course("kept", -3, doses=(2, 3)).built(), _course("over", -3, doses=(2, 2.1)).built()]
    row = _row(audit(courses, US), "Tocilizumab")
    assert (row.met, row.not_met) == (["kept"], ["over"])


def test_doses_without_a_size_are_not_assessable() -> None:
    row = _row(audit([_course("A", -3).built()], US), "daily doses of lymphodepletion")
    assert row.not_assessable == ["A"]


def test_cells_without_a_range_on_the_label_are_not_assessable() -> None:
    patient = _course("A", -3).with_exposure("cell_product", AXI, 0, amount=100.0, amount_unit="10*6")
    assert _row(audit([patient.built()], US), "cells inside the range").not_assessable == ["A"]


def test_items_not_yet_due_are_left_out() -> None:
    patient = _course("A", -3)
    early = audit([patient.built()], US, at=patient.at(20))
    assert not any("Day 28" in row.rule for row in early)
    late = audit([patient.built()], US, at=patient.at(35))
    assert _row(late, "Day 28").not_met == ["A"]
