"""What was given and cannot be held against the files is named with what it needs, from the instant on which it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.journey.assess import Assessor
from vein2vein.journey.assess.audit import audit
from vein2vein.journey.assess.unjudged import Unjudged
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.record.timeline import Timeline
from vein2vein.report.handover.content import handover
from vein2vein.report.handover.plain import as_plain

US = default_library().get("reference-us.protocol", Protocol)
AXI, OBE = "axicabtagene-ciloleucel", "obecabtagene-autoleucel"


def _course(*, weighed: float | None = -36, creatinine: float | None = -5.2, flu: float = 54.7) -> PatientBuilder:
    """70 kg and 172.4 cm make 1.83 m2; the label has 54.9 mg of fludarabine a day at the most."""
    patient = a_patient("A", days=40).with_course(product=AXI, indication="large-b-cell-lymphoma")
    patient.with_value("height", -8, 172.4).with_value("weight", -8, 70).with_value("prior_lines", -40, 2)
    patient.with_milestone("apheresis", -35).with_exposure("charted", "lymphodepletion", -60, until=40)
    if weighed is not None:
        patient.with_value("weight", weighed, 70)
    if creatinine is not None:
        patient.with_value("creatinine", creatinine, 0.7)
    for day in (-5, -4, -3):
        patient.with_exposure("lymphodepletion", "fludarabine", day, amount=flu, amount_unit="mg")
        patient.with_exposure("lymphodepletion", "cyclophosphamide", day, amount=915.0, amount_unit="mg")
    return patient


def _open(timeline: Timeline, day: float = 1) -> list[Unjudged]:
    return list(Assessor(timeline, US).at(INFUSED_AT + timedelta(days=day)).unjudged)


def _said(timeline: Timeline, day: float = 1) -> list[tuple[str, str]]:
    return [(one.said["en"], one.needs["en"]) for one in _open(timeline, day)]


def test_a_course_whose_doses_are_all_judged_has_nothing_open() -> None:
    patient = _course(creatinine=-5.2).with_value("creatinine", -3.5, 0.7)
    patient.with_exposure("cell_product", AXI, 0, amount=90.0, amount_unit="10*6")
    assert _said(patient.built()) == [
        (
            "Axicabtagene ciloleucel (Yescarta): cells against the range of the label",
            "a range of the label, which states a target only: -35.7 % of it",
        )
    ]


def test_doses_on_days_without_a_creatinine_stand_once_with_their_days() -> None:
    (found,) = _open(_course(creatinine=None, flu=50).built())
    assert (found.said["en"], found.needs["en"]) == ("Fludarabine 50 mg", "Creatinine")
    assert found.days == (date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1))
    assert len(found.rows) == 3
    (before,) = _open(_course(creatinine=None, flu=50).built(), -3.9)
    assert before.days == (date(2026, 2, 27),)


def test_a_creatinine_that_no_longer_counts_is_named_with_its_time() -> None:
    """Exactly 72 hours before the third dose: it has just ceased to count."""
    (found,) = _open(_course(creatinine=-6, flu=50).built())
    assert found.days == (date(2026, 3, 1),)
    assert found.needs["en"] == "Creatinine (that of 2026-02-26 10:30 CET counted for 72 h)"


def test_a_dose_beyond_every_possible_one_is_a_departure_also_without_a_creatinine() -> None:
    assessment = Assessor(_course(creatinine=None, flu=120).built(), US).at(INFUSED_AT)
    found = [d for d in assessment.deviations if d.kind == "dose"]
    assert [d.what for d in found] == [
        f"stop: Fludarabine 120 mg on {day}, +118.5 % or more beyond all that the dose can be, 0.0 to 54.9 mg"
        " (not known: Creatinine)"
        for day in ("2026-02-27", "2026-02-28", "2026-03-01")
    ]
    assert found[0].said["zh"].startswith("停止：2026-02-27 氟达拉滨 120 mg，超出可能的剂量范围 0.0–54.9 mg")
    assert [one for one in assessment.unjudged if "Fludarabine" in one.said["en"]] == []
    rule = next(row for row in audit([_course(creatinine=None, flu=120).built()], US) if "daily doses" in row.rule)
    assert rule.not_met == ["A"]


@pytest.mark.parametrize(("weighed", "is_open"), [(-36, False), (None, True)])
def test_cells_per_kilogram_without_a_weight_at_apheresis_are_open(weighed: float | None, is_open: bool) -> None:
    patient = _course(weighed=weighed).with_exposure("cell_product", AXI, 0, amount=160.0, amount_unit="10*6")
    needs = [needs for said, needs in _said(patient.built()) if "cells against" in said]
    assert (needs == ["weight at or before apheresis"]) == is_open


@pytest.mark.parametrize(
    ("sampled", "first", "is_open"), [(None, 100, True), (-14, 100, True), (-8, 100, False), (None, 10, False)]
)
def test_a_first_part_that_rests_on_marrow_blasts_nobody_knows_is_open(
    sampled: float | None, first: float, is_open: bool
) -> None:
    """Without a fresh sample the label's rule takes the patient for one of high burden: 10 first, which is as planned."""
    patient = a_patient("A", days=40).with_course(product=OBE, indication="b-cell-acute-lymphoblastic-leukaemia")
    patient.with_milestone("lymphodepletion", -6).with_exposure(
        "cell_product", OBE, 0, amount=first, amount_unit="10*6"
    )
    if sampled is not None:
        patient.with_value("marrow_blasts", sampled, 5)
    timeline = patient.built()
    needs = [needs for said, needs in _said(timeline) if "part 1" in said]
    assert needs == (["marrow blasts of a sample at most 7 days before lymphodepletion"] if is_open else [])
    (rule,) = [row for row in audit([timeline], US) if row.rule.startswith("parts of the dose")]
    assert (rule.not_assessable == ["A"], rule.met == ["A"]) == (is_open, not is_open)


def test_a_dose_against_toxicity_without_a_weight_is_open() -> None:
    bare = _course().with_exposure("anticytokine", "tocilizumab", 2, amount=800, amount_unit="mg").built()
    rows = tuple(row for row in bare.observations if row.kind != "weight")
    found = dict(_said(replace(bare, observations=rows), 3))
    assert found["Tocilizumab against the most that the files state"] == "weight within 168 h"


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "could not be judged: Fludarabine 50 mg on 2026-02-27, 2026-02-28, 2026-03-01 (needs Creatinine)"),
        ("zh", "无法判断：氟达拉滨 50 mg（2026-02-27、2026-02-28、2026-03-01）（需要肌酐）"),
    ],
)
def test_the_page_says_what_could_not_be_judged_beside_the_departures(language: str, says: str) -> None:
    found = Assessor(_course(creatinine=None, flu=50).built(), US).at(INFUSED_AT)
    lines = [line for section in handover(found, {}, language=language).sections for line in section.lines]
    assert any(line.startswith(says) for line in lines)
    (plain,) = as_plain(found, {}, language=language)["unjudged"]
    assert plain["days"] == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert len(plain["rows"]) == 3
