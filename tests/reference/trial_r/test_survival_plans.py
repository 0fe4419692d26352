"""Events, patients and events by month against rpact 3.3.4; the largest of correlated numbers against mvtnorm 1.1.3.

Tolerance: rpact reports eleven digits of closed forms, and integrates event probabilities; 1e-6. mvtnorm tells its own error.
Ours of the largest number is a sum over directions: 1e-6 for rank three, as of MaxCombo with its four usual weights; 0.2 % of
the chance for higher rank; 3e-4 at a bound of 0, where no test decides.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference.trial_r.r_results import label, numbers, rows
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.events import chance_of_event, expected_events
from vein2vein.programme.trial.randomised.hazards import Ratio, Steps, exponential
from vein2vein.programme.trial.randomised.maxcombo import tail
from vein2vein.programme.trial.randomised.planning import freedman_events, schoenfeld_events
from vein2vein.programme.trial.randomised.sequential import spending
from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike


def _share(row: dict[str, str]) -> float:
    return float(row["experimental_per_control"]) / (1 + float(row["experimental_per_control"]))


@pytest.mark.parametrize(
    "row", rows("rpact_sample_size"), ids=lambda row: label(row, "how", "ratio", "experimental_per_control", "power")
)
def test_events_and_patients(row: dict[str, str]) -> None:
    ratio, power, share = float(row["ratio"]), float(row["power"]), _share(row)
    formula = schoenfeld_events if row["how"] == "Schoenfeld" else freedman_events
    events = formula(ratio, 0.025, power, share)
    assert events == pytest.approx(float(row["events"]), rel=1e-7)
    plan = spending(3, OBrienFlemingLike())
    three = events * plan.inflation(power)
    assert three == pytest.approx(float(row["events_three_looks"]), rel=5e-5)
    control = exponential(math.log(2) / 0.1)
    scenario = Scenario(control, Ratio(control, (0.0,), (ratio,)), Accrual.over(3, 12), (round(share / (1 - share)), 1))
    chances = [chance_of_event(scenario, arm, 24) for arm in (0, 1)]
    patients = events / ((1 - share) * chances[0] + share * chances[1])
    assert patients == pytest.approx(float(row["patients"]), rel=1e-6)
    assert plan.hazard_ratio_at_bounds(1, share)[0] ** (1 / math.sqrt(three)) == pytest.approx(
        numbers(row["ratio_at_bounds"]), rel=2e-5
    )


@pytest.mark.parametrize(
    "row",
    rows("rpact_events"),
    ids=lambda row: label(row, "starts", "accrual_starts", "dropout_in_12_months", "experimental_per_control"),
)
def test_chance_of_an_event_by_month(row: dict[str, str]) -> None:
    steps = Steps(tuple(numbers(row["starts"])), tuple(numbers(row["rates"])))
    starts, rates = numbers(row["accrual_starts"]), numbers(row["accrual_rates"])
    patients = round(float((np.diff([*starts, float(row["accrual_end"])]) * rates).sum()))
    out = float(row["dropout_in_12_months"])
    leaves = Steps((0.0,), (-math.log(1 - out) / 12,)) if out else None
    scenario = Scenario(
        steps,
        Ratio(steps, (0.0,), (float(row["ratio"]),)),
        Accrual(patients, tuple(rates), tuple(starts)),
        (int(row["experimental_per_control"]), 1),
        (leaves, leaves),
    )
    share = _share(row)
    for month, *expected in zip(
        *(numbers(row[key]) for key in ("months", "control", "experimental", "both")), strict=True
    ):
        found = [chance_of_event(scenario, arm, month) for arm in (0, 1)]
        assert [*found, (1 - share) * found[0] + share * found[1]] == pytest.approx(expected, abs=1e-6)
        events = [n * p for n, p in zip((scenario.patients(0), scenario.patients(1)), found, strict=True)]
        assert expected_events(scenario, month) == pytest.approx(events)


@pytest.mark.parametrize("row", rows("mvtnorm_largest"), ids=lambda row: label(row, "correlation", "bound"))
def test_largest_of_correlated_numbers(row: dict[str, str]) -> None:
    flat = numbers(row["correlation"])
    correlation = flat.reshape(math.isqrt(len(flat)), -1)
    bound, expected = float(row["bound"]), float(row["tail"])
    ours = 3e-4 if bound == 0 else 1e-6 if np.linalg.matrix_rank(correlation, tol=1e-6) <= 3 else 2e-3 * expected
    assert tail(correlation, bound) == pytest.approx(expected, abs=ours + 3 * float(row["error"]))
