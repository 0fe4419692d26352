"""Group sequential bounds, sizes, chances of stopping and conditional power against rpact 3.3.4 (rpact_*.csv, README.md).

Tolerance: rpact solves to about 1e-8 on the scale of chances (it spends alpha - 1e-8), so that bounds agree to 2e-5 where p is
above 1e-5, and everywhere to 1e-8 in p; chances agree to 1e-6, the shift (square of the drift) to 5e-5 of its value.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from reference.trial_r.r_results import label, numbers, rows
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.randomised.sequential import Futility, Plan, Sides, classical, spending, with_futility
from vein2vein.programme.trial.randomised.spending import (
    HwangShihDeCani,
    OBrienFlemingLike,
    PocockLike,
    PowerFamily,
    Spending,
)
from vein2vein.programme.trial.study.randomised import Randomised
from vein2vein.programme.trial.words import Floats

BOUND, CHANCE = 2e-5, 1e-6


def _same(found: Floats, expected: Floats) -> None:
    """Bounds that agree, as numbers where that can be asked, and as p values everywhere."""
    p = norm.sf(expected)
    assert found[p > 1e-5] == pytest.approx(expected[p > 1e-5], abs=BOUND)
    assert norm.sf(found) == pytest.approx(p, abs=1e-8 + BOUND * float(norm.pdf(expected).max()))


DELTA = {"OF": 0.0, "P": 0.5, "WT": 0.25}


def _rule(kind: str, parameter: str) -> Spending:
    name = kind[2:]
    if name == "KD":
        return PowerFamily(float(parameter))
    if name == "HSD":
        return HwangShihDeCani(float(parameter))
    return OBrienFlemingLike() if name == "OF" else PocockLike()


def _looks(row: dict[str, str]) -> tuple[float, ...]:
    t = numbers(row["information"])
    return (*t[:-1].tolist(), 1.0)


def _plan(row: dict[str, str]) -> Plan:
    sides: Sides = 1 if row["sided"] == "1" else 2
    alpha = float(row["alpha"])
    if row["kind"] in DELTA:
        return classical(_looks(row), DELTA[row["kind"]], alpha=alpha, sides=sides)
    return spending(_looks(row), _rule(row["kind"], row["parameter"]), alpha=alpha, sides=sides)


@pytest.mark.parametrize(
    "row", rows("rpact_bounds"), ids=lambda row: label(row, "kind", "parameter", "sided", "alpha", "information")
)
def test_bounds_sizes_and_expected_information(row: dict[str, str]) -> None:
    plan = _plan(row)
    _same(plan.upper, numbers(row["bounds"]))
    spent = np.cumsum(plan.crossing(0.0).stops)
    assert spent == pytest.approx(numbers(row["spent"]), abs=CHANCE)
    drift = plan.drift_for(1 - float(row["beta"]))
    if plan.sides == 1:  # rpact counts both sides as power of a two-sided plan, we the right one
        assert drift**2 == pytest.approx(float(row["shift"]), rel=5e-5)
        assert plan.inflation(1 - float(row["beta"])) == pytest.approx(float(row["inflation"]), rel=5e-5)
    expected = [plan.expected_information(k * drift) for k in (1.0, 0.5, 0.0)]
    assert [one * float(row["inflation"]) for one in expected] == pytest.approx(
        [float(row[f"asn_{name}"]) for name in ("alternative", "between", "null")], rel=1e-4
    )


@pytest.mark.parametrize(
    "row",
    [row for row in rows("rpact_bounds") if row["kind"] in DELTA],
    ids=lambda row: label(row, "kind", "parameter", "sided", "alpha", "information"),
)
def test_classical_boundaries_of_a_design_file(row: dict[str, str]) -> None:
    shape = {"OF": "obrien-fleming", "P": "pocock"}.get(row["kind"], {"wang-tsiatis": 0.25})
    content = {
        "design": "group-sequential",
        "looks": list(_looks(row)),
        "boundaries": shape,
        "alpha": float(row["alpha"]),
        "sides": int(row["sided"]),
        "events": 100,
        "control": {"median": 6},
        "accrual": {"patients": 200, "months": 12},
        "scenarios": [{"name": "planned", "experimental": {"ratio": 0.7}}],
    }
    study = design_of(content).study
    assert isinstance(study, Randomised)
    _same(study.analysis.plan.upper, numbers(row["bounds"]))


@pytest.mark.parametrize(
    "row",
    rows("rpact_futility"),
    ids=lambda row: label(row, "kind", "futility", "binding", "beta", "information"),
)
def test_beta_spending(row: dict[str, str]) -> None:
    futility = Futility(_rule(row["futility"], row["futility_parameter"]), float(row["beta"]), row["binding"] == "TRUE")
    plan = with_futility(_looks(row), _rule(row["kind"], row["parameter"]), futility, alpha=float(row["alpha"]))
    _same(plan.upper, numbers(row["bounds"]))
    assert plan.lower[:-1] == pytest.approx(numbers(row["futility_bounds"]), abs=1e-4)
    assert plan.drift is not None
    assert plan.drift**2 == pytest.approx(float(row["shift"]), rel=1e-4)
    assert plan.expected_information(plan.drift) * float(row["inflation"]) == pytest.approx(
        float(row["asn_alternative"]), rel=1e-4
    )
    assert plan.expected_information(0.0) * float(row["inflation"]) == pytest.approx(float(row["asn_null"]), rel=1e-4)


@pytest.mark.parametrize("row", rows("rpact_stops"), ids=lambda row: label(row, "information", "drift"))
def test_chance_to_stop_at_each_look(row: dict[str, str]) -> None:
    upper, low = numbers(row["bounds"]), numbers(row["futility_bounds"])
    t = np.array(_looks(row))
    plan = Plan(t, upper, np.array([*low, upper[-1]]), 0.025)
    found = plan.crossing(float(row["drift"]))
    assert found.upper == pytest.approx(numbers(row["rejects"]), abs=CHANCE)
    assert found.lower[:-1] == pytest.approx(numbers(row["futile"]), abs=CHANCE)
    assert 100 * plan.expected_information(float(row["drift"])) == pytest.approx(float(row["asn"]), abs=1e-4)


@pytest.mark.parametrize(
    "row", rows("rpact_conditional_power"), ids=lambda row: label(row, "kind", "information", "look", "z", "ratio")
)
def test_conditional_power(row: dict[str, str]) -> None:
    plan = spending(_looks(row), _rule(row["kind"], ""))
    drift = -math.log(float(row["ratio"])) * math.sqrt(float(row["events"]) / 4)
    found = plan.conditional_power(int(row["look"]), float(row["z"]), drift)
    assert found == pytest.approx(float(row["power"]), abs=CHANCE)
