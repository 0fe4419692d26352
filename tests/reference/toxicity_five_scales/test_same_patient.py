"""The same patient under five editions: each edition keeps its own words, and none borrows from another.

The expected grades were derived by hand from the published tables (ASTCT 2019, Lee 2014, Penn 2018, CARTOX 2018, CTCAE 5.0).
Where the derivation could not settle a cell, it names the possible grades: then the bounds must hold them all, or the cell
is listed under `OPEN`, with what the rule file decides and why.
"""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.files import REGISTRY, bounds_of
from vein2vein.basis.truth import Bounds

SCALES = ("astct-2019.crs", "lee-2014.crs", "penn-2018.crs", "cartox-2018.crs", "ctcae-5.0.crs")
FEVER = {"temperature": 38.6}
# What a fact of the patient is called in each scale; a fact that a scale has no word for does not change its grade.
PATIENTS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[tuple[int, int], ...]]] = {
    "fever only, outpatient, paracetamol": (FEVER, {}, ((1, 1), (1, 1), (1, 1), (1, 1), (1, 1))),
    "fever and intravenous antibiotics for febrile neutropenia in hospital": (
        {**FEVER, "intravenous_antimicrobial": "yes", "hospital": "yes"},
        {},
        ((1, 1), (1, 1), (2, 2), (1, 1), (1, 1)),
    ),
    "fever and hypotension that responds to fluids": (
        {**FEVER, "fluid_bolus": "yes"},
        {},
        ((2, 2), (2, 2), (3, 3), (2, 2), (2, 2)),
    ),
    "fever and a cannula at 3 L/min, below 40 %": (
        {**FEVER, "oxygen": "yes", "inspired_oxygen": 32},
        {},
        ((2, 2), (2, 2), (3, 3), (2, 2), (2, 2)),
    ),
    "fever and norepinephrine 4 ug/min only": (
        {**FEVER, "vasopressors": 1, "norepinephrine_equivalent": 4},
        {"penn-2018.crs": {"norepinephrine_equivalent": 0.05}},
        ((3, 3), (2, 2), (3, 3), (2, 2), (3, 3)),
    ),
    "fever and norepinephrine 25 ug/min for 5 h only": (
        {
            **FEVER,
            "vasopressors": 1,
            "high_dose_agent": "yes",
            "norepinephrine_equivalent": 25,
            "high_dose_lasting": "yes",
        },
        {"penn-2018.crs": {"norepinephrine_equivalent": 0.3}},
        ((3, 3), (3, 3), (4, 4), (3, 3), (3, 3)),
    ),
    "fever, norepinephrine at a low dose and vasopressin": (
        {**FEVER, "vasopressors": 2, "vasopressin": "yes", "norepinephrine_equivalent": 4},
        {
            "astct-2019.crs": {"vasopressors": 1},
            "ctcae-5.0.crs": {"vasopressors": 1},
            "penn-2018.crs": {"norepinephrine_equivalent": [0, 0.15]},
        },
        ((3, 3), (3, 3), (3, 4), (3, 3), (3, 4)),
    ),
    "fever, norepinephrine and epinephrine, both low": (
        {**FEVER, "vasopressors": 2, "norepinephrine_equivalent": 6},
        {"penn-2018.crs": {"norepinephrine_equivalent": 0.08}},
        ((4, 4), (3, 3), (3, 3), (3, 3), (3, 4)),
    ),
    "fever and BiPAP at 50 %": (
        {**FEVER, "oxygen": "yes", "noninvasive": "yes", "inspired_oxygen": 50},
        {"astct-2019.crs": {"positive_pressure": "yes"}},
        ((4, 4), (3, 4), (3, 3), (3, 4), (3, 4)),
    ),
    "fever and AST of grade 3, nothing else": (
        {**FEVER, "transaminase_grade": 3},
        {},
        ((1, 1), (3, 3), (2, 2), (3, 3), (1, 1)),
    ),
    "fever and creatinine of grade 4 (dialysis), nothing else": (
        {**FEVER, "organ_grade": 4},
        {},
        ((1, 1), (4, 4), (3, 4), (4, 4), (1, 1)),
    ),
}
# Cells that the derivation marks as unsure: the bounds stay open over what it names.
OPEN = {
    ("fever, norepinephrine at a low dose and vasopressin", "ctcae-5.0.crs"): "the term names one vasopressor",
    ("fever, norepinephrine and epinephrine, both low", "ctcae-5.0.crs"): "4 in the derivation, unsure",
    ("fever and BiPAP at 50 %", "lee-2014.crs"): "ventilator support may or may not mean BiPAP",
    ("fever and BiPAP at 50 %", "cartox-2018.crs"): "4 in the derivation, unsure",
    ("fever and BiPAP at 50 %", "ctcae-5.0.crs"): "3 or 4",
    ("fever and creatinine of grade 4 (dialysis), nothing else", "penn-2018.crs"): "3 or 4, not listed",
    ("fever, norepinephrine at a low dose and vasopressin", "penn-2018.crs"): "3 or 4, by the equivalent dose",
}
CELLS = [(patient, scale) for patient in PATIENTS for scale in SCALES]


def graded(patient: str, scale: str, **parameters: Any) -> Bounds | None:
    """The patient under one scale, told in the words that this scale has."""
    facts, own, _ = PATIENTS[patient]
    rule = REGISTRY.get(scale, parameters)
    told = {name: value for name, value in facts.items() if name in rule.inputs or name in rule.over_time}
    return bounds_of(rule, {**told, **own.get(scale, {})})


@pytest.mark.parametrize(("patient", "scale"), CELLS)
def test_the_same_patient_under_each_scale(patient: str, scale: str) -> None:
    expected = Bounds(*PATIENTS[patient][2][SCALES.index(scale)])
    assert graded(patient, scale) == expected


def test_bounds_are_open_exactly_where_the_derivation_is_unsure() -> None:
    unsure = {(p, s) for p in PATIENTS for s in SCALES if not Bounds(*PATIENTS[p][2][SCALES.index(s)]).is_exact}
    assert unsure == set(OPEN)


@pytest.mark.parametrize(
    ("patient", "scale", "parameters", "expected"),
    [
        ("fever and BiPAP at 50 %", "lee-2014.crs", {"noninvasive_ventilation": "counts"}, 4),
        ("fever and BiPAP at 50 %", "lee-2014.crs", {"noninvasive_ventilation": "not-counted"}, 3),
        ("fever and BiPAP at 50 %", "cartox-2018.crs", {"noninvasive_ventilation": "counts"}, 4),
        ("fever, norepinephrine and epinephrine, both low", "ctcae-5.0.crs", {"several_vasopressors": "grade-4"}, 4),
        (
            "fever and creatinine of grade 4 (dialysis), nothing else",
            "penn-2018.crs",
            {"organ_grade_4": "grade-3"},
            3,
        ),
    ],
)
def test_a_named_choice_closes_an_open_cell(
    patient: str, scale: str, parameters: dict[str, Any], expected: int
) -> None:
    assert graded(patient, scale, **parameters) == Bounds(expected, expected)
