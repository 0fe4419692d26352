"""Scores of a course at one instant: values, bands, what is missing, and nothing later."""

from __future__ import annotations

import pytest

from builders import a_patient
from vein2vein.journey.risk import score, scores
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import default_registry
from vein2vein.knowledge.schema import RuleSet

HEMATOTOX = default_registry().get("rejeski-2021.car-hematotox")
EASIX = default_library().get("korell-2022.easix", Formula)
M_EASIX = default_library().get("pennisi-2021.m-easix", Formula)
LABS = {
    "platelets": 60,
    "neutrophils": 1.0,
    "haemoglobin": 8.5,
    "crp": 45,
    "ferritin": 800,
    "ldh": 400,
    "creatinine": 1.1,
}


def _patient(**changes: float | None):
    patient = a_patient("A", days=3)
    for kind, value in {**LABS, **changes}.items():
        if value is not None:
            patient = patient.with_value(kind, -5.2, value)
    return patient


def test_a_point_score_adds_up_and_names_its_band() -> None:
    """2 for platelets, 1 each for neutrophils, haemoglobin and CRP of 4.5 mg/dL, 1 for ferritin."""
    patient = _patient()
    answer = score(patient.built(), HEMATOTOX, patient.at(-5))
    assert (answer.value, answer.bands, answer.missing, answer.problem) == (6, ("high",), (), None)
    assert [row.value for row in answer.rows["platelets"]] == [60]


def test_a_missing_marker_leaves_bounds_and_may_still_settle_the_band() -> None:
    patient = _patient(ferritin=None)
    answer = score(patient.built(), HEMATOTOX, patient.at(-5))
    assert (answer.low, answer.high, answer.bands) == (5, 7, ("high",))
    assert answer.missing == ("ferritin",)


@pytest.mark.parametrize("edition", [HEMATOTOX, EASIX], ids=["points", "formula"])
def test_a_score_before_lymphodepletion_stays_as_it_was_before_its_first_dose(edition: RuleSet | Formula) -> None:
    """Day 4 in intensive care has other values; the cut-off of the paper holds for those before lymphodepletion alone."""
    patient = _patient().with_exposure("lymphodepletion", "fludarabine", -5, amount=50.0, amount_unit="mg")
    for kind, value in {"ldh": 1800, "creatinine": 2.0, "platelets": 12, "crp": 150, "ferritin": 32000}.items():
        patient = patient.with_value(kind, 3.9, value)
    before = score(patient.built(), edition, patient.at(-5))
    for day in (-4, 0, 4, 200):
        assert score(patient.built(), edition, patient.at(day)) == before, day
    assert before.as_of == patient.at(-5)


@pytest.mark.parametrize("edition", [HEMATOTOX, EASIX], ids=["points", "formula"])
def test_without_a_recorded_lymphodepletion_nobody_knows_what_came_before_it(edition: RuleSet | Formula) -> None:
    patient = _patient()
    answer = score(patient.built(), edition, patient.at(2))
    assert (answer.low, answer.high, answer.bands, answer.as_of) == (None, None, (), None)
    assert answer.missing == ("start_of_lymphodepletion",)
    assert answer.problem == "cannot be settled: needs the first dose of lymphodepletion"


def test_a_score_of_no_named_moment_is_about_the_instant_itself() -> None:
    patient = _patient().with_exposure("lymphodepletion", "fludarabine", -5, amount=50.0, amount_unit="mg")
    patient = patient.with_value("ldh", 2, 800).with_value("crp", 2, 100).with_value("platelets", 2, 20)
    answer = score(patient.built(), M_EASIX, patient.at(2.1))
    assert (answer.value, answer.as_of) == (400, patient.at(2.1))


def test_a_formula_gives_its_value_and_needs_all_of_it() -> None:
    patient = _patient()
    assert score(patient.built(), EASIX, patient.at(-5)).value == round(400 * 1.1 / 60, 9)
    without = _patient(ldh=None)
    answer = score(without.built(), EASIX, without.at(-5))
    assert answer.value is None
    assert answer.problem == "cannot be computed: needs ldh"


def test_a_value_from_after_the_instant_is_not_seen() -> None:
    patient = _patient(ldh=None).with_value("ldh", -4.9, 400)
    assert score(patient.built(), EASIX, patient.at(-5)).missing == ("ldh",)
    assert score(patient.built(), EASIX, patient.at(-4.8)).missing == ()


def test_all_scores_of_a_course_are_asked_and_those_that_do_not_apply_left_out() -> None:
    patient = _patient()
    found = {a.edition.id for a in scores(patient.built(), patient.at(-5), default_registry(), default_library())}
    assert {"rejeski-2021.car-hematotox", "korell-2022.easix", "ipi-1993.ipi", "sorror-2005.hct-ci"} <= found
    assert "hay-2017.severe-crs-trigger" not in found
