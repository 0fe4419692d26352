"""Adherence over a cohort: what a course does not concern is not counted, what nobody can say is neither met nor not met."""

from __future__ import annotations

from builders import PatientBuilder, a_patient
from vein2vein.journey.assess.audit import Adherence, audit
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library

US = default_library().get("reference-us.protocol", Protocol)
AXI = "axicabtagene-ciloleucel"
STREAMS = ("corticosteroid", "antineoplastic")
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


def _lacks(row: Adherence) -> dict[str, list[str]]:
    return {lack.said["en"]: lack.courses for lack in row.most_lacked}


def test_what_is_missing_stands_beside_what_cannot_be_assessed_with_its_courses() -> None:
    lined = _course("lined", -3, doses=(2,)).with_value("prior_lines", -60, 2)
    never = _course("never", None)
    table = audit([lined.built(), _course("A", -3).built(), never.built()], US)
    label = _row(table, "infused as a label allows")
    assert (label.met, label.not_assessable) == (["lined"], ["A", "never"])
    assert _lacks(label)["lines of treatment before (prior_lines)"] == ["A", "never"]
    assert _lacks(_row(table, WINDOW)) == {"doses of lymphodepletion": ["never"]}
    assert _lacks(_row(table, "Tocilizumab: no dose above")) == {"the amount given": ["lined"]}
    weighed = _course("heavy", -3).with_exposure("anticytokine", "tocilizumab", 2, amount=500.0, amount_unit="mg")
    assert _lacks(_row(audit([weighed.built()], US), "Tocilizumab: no dose above")) == {
        "weight within 168 h": ["heavy"]
    }
    cells = _course("A", -3).with_exposure("cell_product", AXI, 0, amount=100.0, amount_unit="10*6")
    assert _lacks(_row(audit([cells.built()], US), "cells inside the range")) == {
        "weight at or before apheresis": ["A"]
    }


def test_every_row_that_cannot_be_assessed_says_why() -> None:
    course = _course("A", -3, doses=(2,)).with_milestone("accepted", -40).with_milestone("apheresis", -30)
    table = audit([course.built()], US)
    silent = [row.rule for row in table if row.not_assessable and not row.unproven and not row.most_lacked]
    assert silent == []
    assert all(set(lack.said) >= {"en", "zh"} for row in table for lack in row.most_lacked)
    washout = _lacks(_row(table, "cells collected after every wash-out"))
    assert any(text.startswith("charting of ") for text in washout)


def test_cells_without_a_range_on_the_label_are_not_assessable() -> None:
    patient = _course("A", -3).with_exposure("cell_product", AXI, 0, amount=100.0, amount_unit="10*6")
    assert _row(audit([patient.built()], US), "cells inside the range").not_assessable == ["A"]


def test_an_item_is_done_in_time_late_or_not_at_all() -> None:
    courses = [_course("never", -3)]
    for name, day in (("in time", 27), ("late", 36), ("far too late", 88)):
        courses.append(_course(name, -3).with_statement("response_assessment", day, "complete-response"))
    table = audit([c.built() for c in courses], US, at=courses[0].at(95))
    day_28 = _row(table, "Day 28")
    assert (day_28.met, day_28.late, day_28.not_met) == (["in time"], ["late"], ["never", "far too late"])
    assert day_28.applicable == 4
    day_90 = _row(table, "Day 90")
    assert day_90.met == ["far too late"]
    assert (day_90.not_met, day_90.applicable) == ([], 1), "the window is open until day 97"


def test_a_repeated_item_is_not_met_when_its_time_is_over() -> None:
    seen = _course("seen", -3)
    for day in range(1, 8):
        seen.with_value("body_temperature", day, 36.8)
    gap = _course("gap", -3)
    for day in (1, 2, 3, 5, 6, 7):
        gap.with_value("body_temperature", day, 36.8)
    row = _row(audit([seen.built(), gap.built()], US), "Daily look")
    assert (row.met, row.not_met) == (["seen"], ["gap"])


def test_what_no_record_can_show_says_why() -> None:
    table = audit([_course("A", -3).built()], US, at=_course("A", -3).at(110))
    row = next(r for r in table if r.rule == "Day 100: registry")
    assert row.not_assessable == ["A"]
    assert row.unproven is not None
    assert set(row.unproven) == {"en", "zh"}
    assert _row(table, "Daily look").unproven is None


def test_wash_outs_and_lists_are_counted() -> None:
    kept = _course("kept", -3).with_milestone("apheresis", -30).with_charting(*STREAMS)
    broken = _course("broken", -3).with_milestone("apheresis", -30).with_statement("infection", -0.1, "yes")
    broken.with_exposure("corticosteroid", "dexamethasone", -31)
    table = audit([kept.built(), broken.built()], US)
    washout = _row(table, "cells collected after every wash-out")
    assert (washout.not_met, washout.not_assessable) == (["broken"], ["kept"])
    infused = _row(table, "against the infusion")
    assert (infused.not_met, infused.not_assessable) == (["broken"], ["kept"])
    assert _row(table, "bridging had stopped").applicable == 2


def test_items_not_yet_due_are_left_out() -> None:
    patient = _course("A", -3)
    early = audit([patient.built()], US, at=patient.at(20))
    assert not any("Day 28" in row.rule for row in early)
    late = audit([patient.built()], US, at=patient.at(35))
    assert _row(late, "Day 28").not_met == ["A"]
