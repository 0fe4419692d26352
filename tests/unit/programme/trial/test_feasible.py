"""The maximum tolerated and feasible dose, and patients who received less than planned."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.common import TooToxic
from vein2vein.programme.trial.phase1.crm import Curve, Model, skeleton
from vein2vein.programme.trial.phase1.feasible import Received, feasibility, feasible_dose, rates_at_received
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

MODEL = Model(Curve(skeleton(3, 0.3, prior_mtd=2)))
DESIGN = feasible_dose(MODEL, 0.3, 0.8, cohorts=Cohorts(3, 5), safety=TooToxic(0.3))


def test_goes_up_while_products_reach_the_dose_and_down_where_they_do_not() -> None:
    assert recommend(DESIGN, "1EEE").dose == 2
    advice = recommend(DESIGN, "1EEE 2NNE")  # one of three reached dose 2: chance 0.973 of less than 0.8
    assert (advice.dose, advice.closed) == (1, (2, 3))
    assert "from dose 2 upward too few products reach the dose" in advice.reasons[0]


def test_stops_where_the_lowest_dose_cannot_be_made() -> None:
    assert recommend(DESIGN, "1NNN").dose is None


def test_certain_feasibility_leaves_the_toxicity_design() -> None:
    """The same states and doses as with a certain product: what is selected is the tolerated dose."""
    truth = Truth.of([0.1, 0.3, 0.5], [1, 1, 1])
    (all_made,) = exact.characteristics(DESIGN, truth)
    (half,) = exact.characteristics(DESIGN, Truth.of([0.1, 0.3, 0.5], [1, 0.9, 0.3]))
    assert all_made.selected[2] > half.selected[2]
    assert half.selected[2] < 0.05
    assert all_made.selected[1] > 0.4


def test_exact_characteristics_agree_with_simulation() -> None:
    truth = Truth.of([0.1, 0.25, 0.45], [0.95, 0.85, 0.5])
    (listed,) = exact.characteristics(DESIGN, truth)
    drawn = simulate.characteristics(DESIGN, truth, trials=20_000, seed=11)
    assert drawn.errors is not None
    assert listed.selected.sum() + listed.none_selected == pytest.approx(1)
    assert (np.abs(drawn.selected - listed.selected) < 4 * drawn.errors.selected).all()
    assert abs(drawn.expected_patients - listed.expected_patients) < 4 * drawn.errors.expected_patients


def test_feasibility_falls_with_the_dose() -> None:
    state = state_after(read_outcomes("1EEN 2EEE", 3), 3, with_efficacy=True)
    assert feasibility(state)[0, :2] == pytest.approx([5 / 6, 5 / 6])  # pooled, since 2/3 then 3/3 would rise
    assert np.isnan(feasibility(state)[0, 2])


def test_at_planned_doses_received_amounts_are_the_crm() -> None:
    patients = [Received(1, False)] * 3 + [Received(3, False), Received(3, True), Received(10, True)]
    found = rates_at_received(MODEL, [1, 3, 10], patients)
    assert found == pytest.approx(MODEL.estimates(np.array([[3, 2, 1]]), np.array([[0, 1, 1]]))[0], abs=1e-9)


def test_a_well_patient_tells_less_at_a_partial_dose_and_a_toxic_one_more() -> None:
    def top(amount: float, *, toxic: bool) -> float:
        return float(rates_at_received(MODEL, [1, 3, 10], [Received(amount, toxic)])[2])

    assert top(10, toxic=False) < top(5, toxic=False) < top(0.5, toxic=False)
    assert top(10, toxic=True) < top(5, toxic=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"least": 1.0}, "least feasibility 1"), ({"certainty": 0}, "certainty 0"), ({"target": 1.3}, "target 1.3"),
     ({"start": 3}, "dose 4"), ({"patients": 0}, "patients=0")],
)  # fmt: skip
def test_refuses_what_cannot_be(change: dict[str, float], said: str) -> None:
    with pytest.raises(TrialError, match=said) as caught:
        feasible_dose(MODEL, **{"target": 0.3, "least": 0.8, "cohorts": Cohorts(3, 5)} | change)
    assert caught.value.id == "TRIAL-002"


@pytest.mark.parametrize(("amounts", "received", "said"), [
    ([1, 3], 1, "amounts"), ([1, 3, 2], 1, "amounts that rise"), ([1, 3, 10], 0, "received 0"),
])  # fmt: skip
def test_refuses_amounts_that_cannot_be(amounts: list[float], received: float, said: str) -> None:
    with pytest.raises(TrialError, match=said):
        rates_at_received(MODEL, amounts, [Received(received, False)])
