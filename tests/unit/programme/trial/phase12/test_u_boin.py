"""U-BOIN: its two stages, utilities by hand, and exact characteristics beside simulated ones."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase12.u_boin import UBoinRule, u_boin
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

DESIGN = u_boin(3, toxicity=0.3, efficacy=0.25, cohorts=Cohorts(3, 10), first_stage=6, stop_at=12)


@pytest.mark.parametrize(
    ("outcomes", "dose", "said"),
    [
        ("1NNN", 2, "stage I: 0 of 3"),
        ("1NNN 2TTN", 1, "stage I: 2 of 3"),
        ("1NNN 2NNT 2NNN", 3, "stage II: few toxicities at the highest tried dose, so try dose 3"),
        ("1EEN 2TNN 2TNN", 1, "dose 1 is best"),
        ("1ENN 2TEE 2BEE", 2, "dose 2 is best"),
        ("1EEE 2TTT 1TNN", 1, "dose 1 is best"),
        ("1TNN 1TNN 1NTN", None, "none is acceptable, so stop"),
    ],
)
def test_next_dose(outcomes: str, dose: int | None, said: str) -> None:
    advice = recommend(DESIGN, outcomes)
    assert advice.dose == dose
    assert said in advice.reasons[0]


def test_mean_utility_by_hand() -> None:
    """Of four: one responds, one responds with toxicity, one neither, one toxicity alone: 100 + 60 + 40 + 0 of four patients,
    and a quarter of a patient more for each outcome: (200 + 50) / 5 = 50."""
    assert isinstance(DESIGN.rule, UBoinRule)
    state = state_after(read_outcomes("1EBNT", 3), 3, with_efficacy=True)
    assert DESIGN.rule.mean_utility(state)[0, 0] == pytest.approx(0.50)


def test_exact_characteristics_agree_with_simulation() -> None:
    design = u_boin(3, toxicity=0.3, efficacy=0.25, cohorts=Cohorts(3, 6), first_stage=6, stop_at=12)
    truth = Truth.of([0.05, 0.2, 0.5], [0.2, 0.5, 0.55])
    (listed,) = exact.characteristics(design, truth)
    drawn = simulate.characteristics(design, truth, trials=20_000, seed=2)
    assert drawn.errors is not None
    assert listed.selected.sum() + listed.none_selected == pytest.approx(1)
    assert (np.abs(drawn.selected - listed.selected) < 4 * drawn.errors.selected).all()
    assert abs(drawn.expected_patients - listed.expected_patients) < 4 * drawn.errors.expected_patients


@pytest.mark.parametrize(
    ("change", "said"), [({"first_stage": 0}, "first_stage=0"), ({"stop_at": 6}, "stop_at=6"), ({"start": 3}, "dose 4")]
)
def test_refuses_what_cannot_be(change: dict[str, int], said: str) -> None:
    with pytest.raises(TrialError, match=said):
        u_boin(3, **{"toxicity": 0.3, "efficacy": 0.25, "cohorts": Cohorts(3, 5)} | change)
