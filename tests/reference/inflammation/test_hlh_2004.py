"""HLH-2004 against the boundaries of its table, one criterion at a time, with and without the strict signs of some copies.

Source     Henter 2007 (signs recalled), reproduced in PMC10101193 table 1 and a table in Pediatrics (strict signs).
Tolerance  None: each value is compared at the last digit that is reported.
"""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

import pytest

from reference.published import bounds, bounds_at, course, exactly, lab, stated
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine

HLH = "hlh-2004.criteria"
MET: dict[str, dict[str, Any]] = {
    "fever": {"temperature": 38.5},
    "spleen": {"splenomegaly": "yes"},
    "cytopenias": {"platelets": 99, "haemoglobin": 8.9},
    "triglycerides or fibrinogen": {"fibrinogen": 1.5},
    "haemophagocytosis": {"haemophagocytosis_marrow": "yes"},
    "NK activity": {"nk_activity_low": "yes"},
    "ferritin": {"ferritin": 500},
    "soluble CD25": {"soluble_cd25": 2400},
}
# criterion, value that misses, value at the printed cut-off, value past it
BOUNDARIES = [
    ("fever", "temperature", 38.4, 38.5, 38.6),
    ("triglycerides or fibrinogen", "triglycerides", 264, 265, 266),
    ("triglycerides or fibrinogen", "fibrinogen", 1.51, 1.5, 1.49),
    ("ferritin", "ferritin", 499, 500, 501),
    ("soluble CD25", "soluble_cd25", 2399, 2400, 2401),
]


def with_four_others(criterion: str) -> dict[str, Any]:
    others = [name for name in MET if name != criterion][:4]
    return {key: value for name in others for key, value in MET[name].items()}


def test_any_five_of_the_eight_make_the_diagnosis_and_no_four_do() -> None:
    for n, expected in ((4, 0), (5, 1)):
        for chosen in combinations(MET, n):
            given = {key: value for name in chosen for key, value in MET[name].items()}
            assert bounds(HLH, given) == exactly(expected), chosen


@pytest.mark.parametrize(("criterion", "name", "short", "at", "past"), BOUNDARIES)
def test_the_cut_off_itself_is_met_as_in_the_original(
    criterion: str, name: str, short: float, at: float, past: float
) -> None:
    four = with_four_others(criterion)
    assert [bounds(HLH, {**four, name: value}) for value in (short, at, past)] == [exactly(0), exactly(1), exactly(1)]


@pytest.mark.parametrize(("criterion", "name", "short", "at", "past"), BOUNDARIES)
def test_the_cut_off_itself_is_not_met_under_the_signs_of_the_copies(
    criterion: str, name: str, short: float, at: float, past: float
) -> None:
    four = {k: v + 0.1 if k == "temperature" else v for k, v in with_four_others(criterion).items()}
    four |= {"ferritin": 9000} if criterion != "ferritin" and "ferritin" in four else {}
    four |= {"fibrinogen": 1.0} if "fibrinogen" in four else {}
    found = [bounds(HLH, {**four, name: value}, at_the_cut_off="not-met") for value in (short, at, past)]
    assert found == [exactly(0), exactly(0), exactly(1)]


@pytest.mark.parametrize(
    ("low", "expected"),
    [
        ({"haemoglobin": 9.0, "platelets": 99, "neutrophils": 1.0}, 0),
        ({"haemoglobin": 8.9, "platelets": 100, "neutrophils": 1.0}, 0),
        ({"haemoglobin": 8.9, "platelets": 100, "neutrophils": 0.99}, 1),
        ({"haemoglobin": 8.9, "platelets": 99, "neutrophils": 0.99}, 1),
    ],
)
def test_two_of_three_lineages_make_one_criterion(low: dict[str, float], expected: int) -> None:
    four = {**MET["fever"], **MET["spleen"], **MET["ferritin"], **MET["soluble CD25"]}
    assert bounds(HLH, {**four, **low}) == exactly(expected)


@pytest.mark.parametrize(("mmol", "mg", "expected"), [(2.99, 264.9, 0), (3.0, 265, 1)])
def test_triglycerides_agree_in_both_printed_units(mmol: float, mg: float, expected: int) -> None:
    four = {**MET["fever"], **MET["spleen"], **MET["ferritin"], **MET["soluble CD25"]}
    for value, unit in ((mmol, "mmol/L"), (mg, "mg/dL")):
        assert bounds(HLH, {**four, "triglycerides": {"value": value, "unit": unit}}) == exactly(expected)


@pytest.mark.parametrize(("grams", "mg", "expected"), [(1.51, 151, 0), (1.5, 150, 1)])
def test_fibrinogen_agrees_in_both_printed_units(grams: float, mg: float, expected: int) -> None:
    four = {**MET["fever"], **MET["spleen"], **MET["ferritin"], **MET["soluble CD25"]}
    for value, unit in ((grams, "g/L"), (mg, "mg/dL")):
        assert bounds(HLH, {**four, "fibrinogen": {"value": value, "unit": unit}}) == exactly(expected)


def test_a_molecular_diagnosis_is_enough() -> None:
    assert bounds(HLH, {"molecular_diagnosis": "yes"}) == exactly(1)


def test_an_infant_is_judged_by_age_and_an_adult_is_not(engine: Engine) -> None:
    rows = [
        lab("body_temperature", 1, 39.0),
        lab("ferritin", 1, 9000),
        lab("soluble_cd25", 1, 9000),
        lab("haemoglobin", 1, 9.5),
        lab("platelets", 1, 20),
        lab("neutrophils", 1, 3),
        lab("triglycerides", 1, 100),
        lab("fibrinogen", 1, 3),
        stated("splenomegaly", 1),
        *(
            stated(kind, 1, "no")
            for kind in ("haemophagocytosis_marrow", "haemophagocytosis_tissue", "nk_activity_low")
        ),
    ]
    assert bounds_at(course(rows), HLH, engine, 2) == exactly(0)
    assert bounds_at(course(rows, born=date(2026, 2, 20)), HLH, engine, 2) == Bounds(0, 1)
