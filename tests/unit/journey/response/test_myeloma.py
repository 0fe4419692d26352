"""IMWG 2016 from the laboratory: baseline, nadir, light chains, two assessments in a row, MRD; nothing after the instant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.journey.response import (
    MyelomaImaging,
    at_time_points,
    best_confirmed,
    best_response,
    myeloma,
    myeloma_mrd,
    progression,
)
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.library import default_library

CRITERIA = default_library().get("imwg-2016.response", Response)
MRD = default_library().get("imwg-2016.mrd", Response)
CLINIC = default_library().get("clinic-2026.schedule", FollowUp)


def on(day: float):
    return INFUSED_AT + timedelta(days=day)


NONE = tuple(
    MyelomaImaging(on(day), 0, new_lesion=False, lesion_grown=False, is_negative=True) for day in range(-14, 800, 14)
)


def measured(
    patient: PatientBuilder, day: float, serum: float | None, *, urine: float = 0, marrow: float = 30, **more
) -> PatientBuilder:
    values = {
        "m_protein_serum": serum,
        "m_protein_urine": urine,
        "marrow_plasma_cells": marrow,
        "circulating_plasma_cells": 0,
    }
    values |= {"free_light_chain_kappa": more.pop("kappa", 20), "free_light_chain_lambda": more.pop("lam", 10)}
    for kind, value in values.items():
        if value is not None:
            patient.with_value(kind, day, value)
    stated = {
        "immunofixation_serum": "yes",
        "immunofixation_urine": "no",
        "free_light_chain_ratio_normal": "no",
        "clonal_plasma_cells": "yes",
    }
    for kind, code in {**stated, **more}.items():
        patient.with_statement(kind, day, code)
    return patient


def course(*serum: tuple[float, float]) -> PatientBuilder:
    patient = measured(a_patient("M", days=800), -5, 30)
    for day, value in serum:
        measured(patient, day, value)
    return patient


def answers(patient: PatientBuilder, *, imaging=NONE, at=None):
    return myeloma(patient.built(), CRITERIA, at or on(790), imaging=imaging)


def test_the_fall_from_baseline_and_the_rise_from_the_nadir() -> None:
    found = answers(course((30, 14), (60, 2), (90, 7), (120, 7.5)))
    assert [one.possible for one in found] == [("PR",), ("VGPR",), ("PD",), ("PD",)]
    assert [one.day for one in found] == [30, 60, 90, 120]
    assert found[2].state["serum_rise"].low == 5
    assert "nadir_serum" in found[2].result.deciding


def test_progression_needs_two_assessments_in_a_row() -> None:
    assert progression(answers(course((30, 2), (60, 7)))).truth is Truth.UNKNOWN
    assert progression(answers(course((30, 2), (60, 7), (90, 3)))).truth is Truth.FALSE
    sure = progression(answers(course((30, 2), (60, 7), (90, 7.5))))
    assert (sure.truth, sure.at) == (Truth.TRUE, on(60))


def test_progression_by_imaging_needs_one() -> None:
    grown = (*NONE[:4], MyelomaImaging(on(59), 0, new_lesion=True, lesion_grown=False))
    found = progression(answers(course((30, 2), (60, 2)), imaging=grown))
    assert (found.truth, found.at) == (Truth.TRUE, on(60))


def test_best_response_is_borne_out_by_two() -> None:
    found = answers(course((30, 14), (60, 2), (90, 14)))
    assert best_response(found) == ("VGPR",)
    assert best_confirmed(found[:2]) == ("PR",)
    assert best_confirmed(answers(course((30, 14), (60, 2), (90, 2.5)))) == ("VGPR",)
    assert best_confirmed(found[:1]) == ()


def test_light_chains_are_asked_where_m_protein_was_never_measurable() -> None:
    patient = measured(a_patient("M", days=800), -5, 0, kappa=520, immunofixation_serum="no")
    measured(patient, 30, 0, kappa=260, immunofixation_serum="no")
    (found,) = answers(patient)
    assert found.possible == ("PR",)
    assert (found.state["baseline_dflc"].low, found.state["dflc"].low) == (510, 250)
    assert "dflc" in found.result.deciding


def test_the_involved_chain_stays_that_of_baseline() -> None:
    patient = measured(a_patient("M", days=800), -5, 0, kappa=520, immunofixation_serum="no")
    measured(patient, 30, 0, kappa=5, lam=300, immunofixation_serum="no")
    assert answers(patient)[0].state["dflc"].high == 0


def test_complete_and_stringent_complete() -> None:
    patient = course()
    measured(patient, 30, 0, marrow=2, immunofixation_serum="no")
    measured(
        patient,
        60,
        0,
        marrow=1,
        immunofixation_serum="no",
        free_light_chain_ratio_normal="yes",
        clonal_plasma_cells="no",
    )
    assert [one.possible for one in answers(patient)] == [("CR",), ("sCR",)]


@pytest.mark.parametrize("imaging", [(), (MyelomaImaging(on(25)),)])
def test_imaging_that_nobody_gave_leaves_progression_open(imaging) -> None:
    (found,) = answers(course((30, 14)), imaging=imaging)
    assert set(found.possible) >= {"PR", "PD"}
    assert "new_lesion" in found.result.missing


def test_what_is_too_old_is_not_read() -> None:
    patient = course()
    patient.with_value("m_protein_serum", 60, 2)
    (found,) = answers(patient)
    assert "urine" in found.result.missing
    assert "PR" in found.possible


def test_nothing_after_the_instant_and_nothing_before_the_infusion() -> None:
    patient = course((30, 14), (60, 2))
    assert [one.possible for one in answers(patient, at=on(59))] == [("PR",)]
    assert answers(patient, at=on(-1)) == ()


def _names(patient: PatientBuilder, day: float) -> dict[str, Truth]:
    found = answers(patient, at=on(day))
    verdicts = myeloma_mrd(patient.built(), MRD, found, on(day), imaging=NONE)
    return {v.row.name: v.truth for v in verdicts}


def _mrd(patient: PatientBuilder, day: float, code: str = "yes", *, limit: float = 0.001) -> PatientBuilder:
    patient.with_statement("mrd_negative", day, code).with_statement("mrd_method", day, "ngs")
    return patient.with_value("mrd_detection_limit", day, limit)


def test_mrd_asks_for_a_complete_response_and_a_sensitive_method() -> None:
    patient = course()
    measured(patient, 30, 0, marrow=2, immunofixation_serum="no")
    assert _names(_mrd(patient, 30), 31)["mrd-negative"] is Truth.TRUE
    blunt = course()
    measured(blunt, 30, 0, marrow=2, immunofixation_serum="no")
    assert "not-sensitive-enough" in _names(_mrd(blunt, 30, limit=0.01), 31)
    early = _names(_mrd(course((30, 14)), 30), 31)
    assert "mrd-negative" not in early
    assert early["not-complete"] is Truth.TRUE


def test_mrd_is_sustained_after_a_year_without_a_positive_result() -> None:
    def patient(*codes: str) -> PatientBuilder:
        made = course()
        for day, code in zip((30, 400), codes, strict=True):
            measured(made, day, 0, marrow=2, immunofixation_serum="no")
            _mrd(made, day, code)
        return made

    assert _names(patient("yes", "yes"), 401)["sustained"] is Truth.TRUE
    assert "sustained" not in _names(patient("no", "yes"), 401)


def test_time_points_take_the_nearest_assessment_in_the_window() -> None:
    patient = course((27, 14), (30, 10), (97, 2), (120, 2))
    points = at_time_points(answers(patient), CLINIC, patient.built().course, on(130))
    got = {p.item: None if p.assessment is None else p.assessment.day for p in points}
    assert got == {"restaging-1": 27, "restaging-3": 97}
    assert at_time_points((), CLINIC, patient.built().course, on(-3)) == ()


def test_what_could_no_longer_change_the_category_is_not_asked_for() -> None:
    def lasted(**more: float | None) -> PatientBuilder:
        return measured(measured(a_patient("M", days=80), -6, 40, **more), 28, 4, marrow=2, **more)

    without_chains = lasted(kappa=None, lam=None)
    (*_, found) = myeloma(without_chains.built(), CRITERIA, on(60))
    lesions = {"plasmacytoma", "baseline_plasmacytoma", "nadir_plasmacytoma", "new_lesion", "lesion_grown"}
    assert len(found.result.possible) > 1
    assert set(found.result.missing) == lesions, (
        "the M-protein was measurable: chains and marrow at baseline decide nothing"
    )
    (*_, imaged) = myeloma(without_chains.built(), CRITERIA, on(60), imaging=NONE)
    assert (imaged.result.possible, imaged.result.missing) == (("VGPR",), ())
    unmeasured = measured(measured(a_patient("M", days=80), -6, 5, kappa=None, lam=None), 28, 4, kappa=None, lam=None)
    (*_, other) = myeloma(unmeasured.built(), CRITERIA, on(60), imaging=NONE)
    assert "baseline_involved" in other.result.missing, "nothing but the chains is left to judge by"
